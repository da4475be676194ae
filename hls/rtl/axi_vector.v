// Keeps the beats of one vector, so that an inference runs at the core's pace and not at the bus's.
`default_nettype none
module axi_vector #(
    parameter IN_WIDTH = 8,
    parameter IN_BEATS = 40,
    parameter BEAT     = IN_BEATS > 1 ? $clog2(IN_BEATS) : 1  // derived: width of a beat's number
) (
    input  wire                clk,
    input  wire                clear,      // a new vector begins
    input  wire [IN_WIDTH-1:0] in_data,
    input  wire                in_valid,
    input  wire                read,
    input  wire [BEAT-1:0]     address,
    output wire [IN_WIDTH-1:0] data        // the beat at `address`, a cycle after `read`
);
    generate
        if (IN_BEATS == 1) begin : register
            reg [IN_WIDTH-1:0] beat;
            always @(posedge clk) if (in_valid) beat <= in_data;
            assign data = beat;
            wire unused = &{1'b0, clear, read, address};
        end else begin : memory
            reg [IN_WIDTH-1:0] beats [0:IN_BEATS-1];
            reg [IN_WIDTH-1:0] beat;
            reg [BEAT-1:0]     write_at = 0;
            always @(posedge clk) begin
                if (in_valid) beats[write_at] <= in_data;
                if (read) beat <= beats[address];
                if (clear) write_at <= 0;
                else if (in_valid) write_at <= write_at + 1'b1;
            end
            assign data = beat;
        end
    endgenerate
endmodule
`default_nettype wire
