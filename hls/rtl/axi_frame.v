// Cuts a burst into vectors of exactly WORDS words, whatever came, so that the core never falls out of step.
//
// Each vector begins with a new word; the packet's last word ends the burst. A vector that the packet ends too early,
// or of which `keep` leaves bytes out, is filled up with zeros and marked: there will be a result for it, but no class.
`default_nettype none
module axi_frame #(
    parameter DATA_BITS    = 32,
    parameter WORDS        = 10,
    parameter VECTOR_BYTES = 40,
    parameter BYTES        = DATA_BITS / 8  // derived
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire                 begin_burst,
    input  wire                 active,       // a burst is being taken
    output wire                 ended,        // nothing more of it is to come
    input  wire [DATA_BITS-1:0] in_data,
    input  wire [BYTES-1:0]     in_keep,
    input  wire                 in_last,
    input  wire                 in_valid,
    output wire                 in_ready,
    output wire [DATA_BITS-1:0] out_data,
    output wire                 out_valid,
    input  wire                 out_ready,
    // With each vector's last word.
    output wire                 vector_ends,
    output wire                 vector_last,     // the burst's last
    output wire                 vector_damaged,
    input  wire                 vector_ready     // high for as long as another vector may be begun or ended
);
    localparam COUNT = WORDS > 1 ? $clog2(WORDS) : 1;
    localparam LAST  = WORDS - 1;
    localparam TAIL  = VECTOR_BYTES - LAST * BYTES;  // bytes of the vector in its last word
    localparam [BYTES-1:0] ALL = {BYTES{1'b1}}, TAIL_KEEP = ALL >> (BYTES - TAIL);

    reg [COUNT-1:0] word = 0;
    reg padding = 0, damaged = 0, over = 0;
    wire last_word = word == LAST[COUNT-1:0];
    wire [BYTES-1:0] needed = last_word ? TAIL_KEEP : ALL;
    wire open    = active && !over && !padding && vector_ready;
    wire moves   = out_valid && out_ready;
    wire early   = in_last && !last_word;
    wire missing = !padding && (early || |(needed & ~in_keep));
    wire packet_ends = moves && !padding && in_last;

    assign in_ready       = open && out_ready;
    assign out_valid      = (padding && vector_ready) || (open && in_valid);
    assign out_data       = padding ? {DATA_BITS{1'b0}} : in_data;
    assign vector_ends    = moves && last_word;
    assign vector_last    = padding || in_last;
    assign vector_damaged = damaged || missing;
    assign ended          = over && !padding;

    always @(posedge clk) begin
        if (moves) begin
            word    <= last_word ? {COUNT{1'b0}} : word + 1'b1;
            damaged <= vector_damaged && !last_word;
            padding <= vector_last && !last_word;
        end
        if (packet_ends) over <= 1;
        if (begin_burst) over <= 0;
        if (rst) begin
            word <= 0;
            {padding, damaged, over} <= 0;
        end
    end
endmodule
`default_nettype wire
