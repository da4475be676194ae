// Keeps the last answer for the reply: a register where it is one byte, else a memory of BYTES bytes with a register
// behind it, for the way from a block RAM to the payload and the CRC would limit the clock. A byte of UART takes 80 cycles
// at least, so nobody waits for it.
`default_nettype none
module host_link_answer #(
    parameter BYTES = 1,
    parameter INDEX = 6   // bits of `index`
) (
    input  wire             clk,
    input  wire             rst,
    input  wire [7:0]       in_data,
    input  wire             in_valid,
    input  wire             in_last,
    input  wire [INDEX-1:0] index,
    output wire [7:0]       data        // the byte at `index`, two cycles after it
);
    generate if (BYTES == 1) begin : register
        reg [7:0] kept = 0;
        always @(posedge clk) if (in_valid) kept <= in_data;
        assign data = kept;
        wire unused = &{1'b0, rst, in_last, index};
    end else begin : memory
        localparam ADDRESS = $clog2(BYTES);
        reg [7:0] kept [0:BYTES-1];
        reg [7:0] read = 0, settled = 0;
        reg [ADDRESS-1:0] at = 0;
        assign data = settled;
        always @(posedge clk) begin
            if (in_valid) kept[at] <= in_data;
            read    <= kept[index[ADDRESS-1:0]];
            settled <= read;
        end
        always @(posedge clk) begin
            if (in_valid) at <= in_last ? {ADDRESS{1'b0}} : at + 1'b1;
            if (rst) at <= 0;
        end
    end endgenerate
endmodule
`default_nettype wire
