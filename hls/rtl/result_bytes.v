// Turns a core's answer, beat by beat, into bytes: each element extended to whole bytes, low byte first.
//
// An answer of BEATS beats leaves as BEATS * ELEMENTS * ceil(BITS / 8) bytes; `out_last` marks the last. Where a beat
// is one element of up to 8 bits it is the byte itself, in the same cycle, and costs nothing. Any other beat is kept, and
// leaves a byte a cycle; the next one is taken in the cycle in which its last byte moves.
`default_nettype none
module result_bytes #(
    parameter BITS     = 3,  // of an element
    parameter ELEMENTS = 1,  // of a beat; the first lies lowest
    parameter BEATS    = 1,
    parameter SIGNED   = 0   // two's complement
) (
    input  wire                     clk,
    input  wire                     rst,
    input  wire [ELEMENTS*BITS-1:0] in_data,
    input  wire                     in_valid,
    output wire                     in_ready,
    output wire                     ends,       // the beat offered is the last of its answer
    output wire [7:0]               out_data,
    output wire                     out_last,
    output wire                     out_valid,
    input  wire                     out_ready,
    output wire                     holds       // bytes of a beat that was taken have not left
);
    localparam BYTES = (BITS + 7) / 8;
    localparam WHOLE = 8 * BYTES;

    wire [ELEMENTS*WHOLE-1:0] extended;
    genvar e;
    generate for (e = 0; e < ELEMENTS; e = e + 1) begin : element
        wire [BITS-1:0] value = in_data[e*BITS +: BITS];
        wire [WHOLE+BITS-1:0] wide = {{WHOLE{SIGNED != 0 && value[BITS-1]}}, value};
        assign extended[e*WHOLE +: WHOLE] = wide[WHOLE-1:0];
        wire unused = &{1'b0, wide[WHOLE+BITS-1:WHOLE]};
    end endgenerate

    generate if (BEATS == 1) begin : whole
        assign ends = 1;
        wire unused = &{1'b0, clk, rst};
    end else begin : counted
        localparam BEAT = $clog2(BEATS);
        localparam LAST = BEATS - 1;
        reg [BEAT-1:0] beat = 0;
        assign ends = beat == LAST[BEAT-1:0];
        always @(posedge clk) begin
            if (in_valid && in_ready) beat <= ends ? {BEAT{1'b0}} : beat + 1'b1;
            if (rst) beat <= 0;
        end
    end endgenerate

    generate if (ELEMENTS * BYTES == 1) begin : direct
        assign out_data  = extended;
        assign out_last  = ends;
        assign out_valid = in_valid;
        assign in_ready  = out_ready;
        assign holds     = 0;
    end else begin : shifted
        localparam SIZE = ELEMENTS * BYTES;
        localparam LEFT = $clog2(SIZE + 1);
        reg [8*SIZE-1:0] kept = 0;
        reg [LEFT-1:0]   left = 0;        // bytes of it still to leave
        reg              final_beat = 0;  // it is the last of its answer
        wire final_byte = left == 1;
        assign out_data  = kept[7:0];
        assign out_last  = final_beat && final_byte;
        assign out_valid = left != 0;
        assign holds     = left != 0;
        assign in_ready  = left == 0 || (final_byte && out_ready);
        always @(posedge clk) begin
            if (out_valid && out_ready) begin
                kept <= kept >> 8;
                left <= left - 1'b1;
            end
            if (in_valid && in_ready) begin
                kept <= extended;
                left <= SIZE[LEFT-1:0];
                final_beat <= ends;
            end
            if (rst) left <= 0;
        end
    end endgenerate
endmodule
`default_nettype wire
