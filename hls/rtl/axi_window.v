// The vector window: WORDS words of DATA_BITS bits that the host writes and reads in 32 bits, and that `load` plays.
//
// The bus must leave it alone from `load` until the last word has gone.
`default_nettype none
module axi_window #(
    parameter DATA_BITS = 32,  // 32 or 64
    parameter WORDS     = 10
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire                 write,
    input  wire [12:0]          write_index,   // of 32-bit words
    input  wire [31:0]          write_data,
    input  wire [3:0]           write_strobe,
    input  wire                 read,
    input  wire [12:0]          read_index,
    output wire [31:0]          read_data,     // a cycle after `read`
    input  wire                 load,
    output wire [DATA_BITS-1:0] out_data,
    output reg                  out_valid,
    input  wire                 out_ready
);
    localparam LANES  = DATA_BITS / 32;
    localparam HALF   = LANES - 1;         // address bits within a word
    localparam PLACE  = WORDS > 1 ? $clog2(WORDS) : 1;
    localparam COUNT  = $clog2(WORDS + 1);

    reg [COUNT-1:0] next = WORDS[COUNT-1:0];  // the word to be fetched; WORDS: none
    reg             upper = 0;  // half of the word that the bus has read
    initial out_valid = 0;
    wire fetch = next != WORDS[COUNT-1:0] && (!out_valid || out_ready);
    wire [13:0] read_word  = fetch ? {{14 - COUNT{1'b0}}, next} : {1'b0, read_index} >> HALF;
    wire [12:0] write_word = write_index >> HALF;

    genvar i;
    generate
        for (i = 0; i < 4 * LANES; i = i + 1) begin : lane
            reg [7:0] bytes [0:WORDS-1];
            reg [7:0] value;
            wire chosen = LANES == 1 || write_index[0] == (i >= 4);
            assign out_data[8*i +: 8] = value;
            always @(posedge clk) begin
                if (write && chosen && write_strobe[i%4]) bytes[write_word[PLACE-1:0]] <= write_data[8*(i%4) +: 8];
                if (read || fetch) value <= bytes[read_word[PLACE-1:0]];
            end
        end
    endgenerate
    assign read_data = LANES > 1 && upper ? out_data[DATA_BITS-1 -: 32] : out_data[31:0];

    always @(posedge clk) begin
        if (read) upper <= read_index[0];
        if (load) next <= 0;
        else if (fetch) next <= next + 1'b1;
        if (fetch) out_valid <= 1;
        else if (out_ready) out_valid <= 0;
        if (rst) begin
            next      <= WORDS[COUNT-1:0];
            out_valid <= 0;
        end
    end
endmodule
`default_nettype wire
