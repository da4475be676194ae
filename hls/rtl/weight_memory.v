// Weights in large RAMs of one port, which begin with no contents: they are written word by word, then read in any order.
//
// Parameters: WORDS of WIDTH. They lie in COLUMNS of 16 bits, each of ROWS pages of 2**PAGE_BITS words; page 0 of column 0
//   is page FIRST_PAGE of all that are loaded, column 0's other pages follow, then column 1. LOAD_BITS are those of a
//   word among all pages.
// Timing: `fetched` is the word at `word` a clock before, unless `load_enable` was high: a clock writes or reads.
module weight_memory #(
    parameter WORDS = 2,
    parameter WIDTH = 16,
    parameter PAGE_BITS = 1,
    parameter FIRST_PAGE = 0,
    parameter LOAD_BITS = 1,
    parameter WORD_BITS = WORDS > 1 ? $clog2(WORDS) : 1  // derived
) (
    input clk,
    input [WORD_BITS-1:0] word,
    output [WIDTH-1:0] fetched,
    input load_enable,
    input [LOAD_BITS-1:0] load_address,
    input [15:0] load_data
);
    localparam COLUMNS = (WIDTH + 15) / 16;
    localparam ROWS = (WORDS + (1 << PAGE_BITS) - 1) >> PAGE_BITS;
    localparam PLACE_BITS = ROWS > 1 ? PAGE_BITS + $clog2(ROWS) : PAGE_BITS;

    // The column that a loaded word belongs to, and its place there.
    reg [COLUMNS-1:0] written;
    reg [LOAD_BITS-1:0] place;
    integer column;
    always @* begin
        written = 0;
        place = load_address;
        for (column = 0; column < COLUMNS; column = column + 1)
            if ((load_address >> PAGE_BITS) >= FIRST_PAGE + column * ROWS
                    && (load_address >> PAGE_BITS) < FIRST_PAGE + (column + 1) * ROWS) begin
                written[column] = load_enable;
                place = load_address - ((FIRST_PAGE + column * ROWS) << PAGE_BITS);
            end
    end

    (* ram_style = "huge" *) (* no_rw_check *)
    reg [16*COLUMNS-1:0] memory [0:(ROWS<<PAGE_BITS)-1];
    reg [16*COLUMNS-1:0] read;
    wire [PLACE_BITS-1:0] at = load_enable ? place[PLACE_BITS-1:0] : word;
    integer part;
    always @(posedge clk)
        if (load_enable) begin
            for (part = 0; part < COLUMNS; part = part + 1)
                if (written[part])
                    memory[at][16*part +: 16] <= load_data;
        end else
            read <= memory[at];
    assign fetched = read[WIDTH-1:0];
endmodule
