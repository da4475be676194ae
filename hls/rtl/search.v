// Counts how many thresholds a code reaches, by binary search with one comparator.
//
// Parameters: a code of IN_BITS a beat, INVERT: inverted first. OUT_BITS of the count; 2**OUT_BITS - 1 thresholds of
//   IN_BITS + 1 (so that one may be never reached), ascending. FILE has CHANNELS (1, or one a beat of a position) times
//   2**OUT_BITS words: word 0 unused, then the thresholds. ROM_STYLE is the ROM's rom_style attribute.
// Timing: 3 * OUT_BITS operations a code, three for each bit: block RAM, a register after it, comparison. The code is
//   taken at the first one; the count follows 1 clock after the last one.
module search #(
    parameter IN_BITS = 8,
    parameter INVERT = 0,
    parameter OUT_BITS = 2,
    parameter CHANNELS = 1,
    parameter ROM_STYLE = "auto",
    parameter FILE = ""
) (
    input clk,
    input rst,
    input [IN_BITS-1:0] in_data,
    input in_valid,
    output in_ready,
    output [OUT_BITS-1:0] out_data,
    output out_push,
    output out_reserve,
    input out_room
);
    localparam CHANNEL_BITS = CHANNELS > 1 ? $clog2(CHANNELS) : 1;
    localparam [CHANNEL_BITS-1:0] LAST_CHANNEL = CHANNELS - 1;
    localparam [OUT_BITS-1:0] HALF = 1 << (OUT_BITS - 1);

    // The threshold that is read is that of `count | tested`, the count now tried.
    reg [1:0] phase;
    reg [CHANNEL_BITS-1:0] channel;
    reg [OUT_BITS-1:0] count, tested;
    wire first = phase == 0 && tested == HALF;
    wire last = phase == 2 && tested[0];
    wire issue = (!first || in_valid) && (!last || out_room);
    assign in_ready = first;
    assign out_reserve = issue && last;

    (* rom_style = ROM_STYLE *)
    reg [IN_BITS:0] rom [0:(CHANNELS<<OUT_BITS)-1];
    generate
        if (FILE != "") begin : load
            initial $readmemh(FILE, rom);
        end
    endgenerate
    reg [IN_BITS:0] fetched, threshold;
    wire [CHANNEL_BITS+OUT_BITS-1:0] address = {channel, count | tested};
    always @(posedge clk) begin
        fetched <= rom[address];
        threshold <= fetched;
    end

    reg [IN_BITS-1:0] code;
    wire [OUT_BITS-1:0] next = {1'b0, code} >= threshold ? count | tested : count;
    reg [OUT_BITS-1:0] result;
    reg push;
    assign out_data = result;
    assign out_push = push;
    always @(posedge clk) begin
        if (issue) begin
            phase <= phase == 2 ? 2'd0 : phase + 1'b1;
            if (first)
                code <= in_data ^ {IN_BITS{INVERT != 0}};
            if (phase == 2) begin
                count <= last ? {OUT_BITS{1'b0}} : next;
                tested <= last ? HALF : tested >> 1;
            end
            if (last)
                channel <= channel == LAST_CHANNEL ? {CHANNEL_BITS{1'b0}} : channel + 1'b1;
        end
        result <= next;
        push <= issue && last;
        if (rst) begin
            phase <= 0;
            channel <= 0;
            count <= 0;
            tested <= HALF;
            push <= 1'b0;
        end
    end
endmodule
