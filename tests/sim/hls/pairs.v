// Two stages between AXI4-Streams: doubles each element, then adds each pair and a constant. The constant is in a file,
// and so is what shall be wrong: a doubled element, a stage that takes nothing, an output that comes once more when the
// inputs have ended, or one that changes when it is taken.
module pairs (
    input ap_clk,
    input ap_rst_n,
    input [7:0] s_axis_tdata,
    input s_axis_tvalid,
    output s_axis_tready,
    output [7:0] m_axis_tdata,
    output m_axis_tvalid,
    input m_axis_tready
);
    reg [4:0] offset [0:0];
    reg [3:0] fault [0:0];
    initial $readmemh("offset.hex", offset);
    initial $readmemh("fault.hex", fault);
    wire odd = fault[0][0], stuck = fault[0][1], surplus = fault[0][2], unstable = fault[0][3];

    reg [7:0] twice_tdata;
    reg twice_tvalid;
    wire twice_tready;
    assign s_axis_tready = !twice_tvalid || twice_tready;
    always @(posedge ap_clk)
        if (!ap_rst_n) twice_tvalid <= 0;
        else if (s_axis_tready) begin
            twice_tvalid <= s_axis_tvalid;
            twice_tdata <= {s_axis_tdata[5:3], odd, s_axis_tdata[2:0], 1'b0};
        end

    reg [4:0] sum;
    reg sum_valid;
    assign twice_tready = !stuck && (!sum_valid || m_axis_tready);
    always @(posedge ap_clk)
        if (!ap_rst_n) sum_valid <= 0;
        else if (twice_tready) begin
            sum_valid <= twice_tvalid;
            sum <= twice_tdata[7:4] + twice_tdata[3:0] + offset[0];
        end
    reg [3:0] idle;
    always @(posedge ap_clk)
        if (!ap_rst_n || s_axis_tvalid) idle <= 0;
        else if (!idle[3]) idle <= idle + 1;
    assign m_axis_tdata = {3'b101, unstable && !m_axis_tready ? ~sum : sum};
    assign m_axis_tvalid = sum_valid || (surplus && idle[3]);
endmodule
