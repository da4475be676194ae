// Keeps the words of the last answer for the bus to read.
`default_nettype none
module axi_answer_window #(
    parameter WORDS = 1
) (
    input  wire        clk,
    input  wire        rst,
    input  wire [31:0] in_data,
    input  wire        in_last,    // the next word is an answer's first
    input  wire        in_valid,
    input  wire        read,
    input  wire [11:0] read_index,
    output wire [31:0] read_data,  // a cycle after `read`
    output wire [31:0] first       // the word at index 0 where it is the only one
);
    localparam PLACE = WORDS > 1 ? $clog2(WORDS) : 1;

    generate
        if (WORDS == 1) begin : register
            reg [31:0] word = 0;
            always @(posedge clk) if (in_valid) word <= in_data;
            assign first     = word;
            assign read_data = 0;
            wire unused = &{1'b0, rst, in_last, read, read_index};
        end else begin : memory
            reg [31:0]      words [0:WORDS-1];
            reg [31:0]      word;
            reg [PLACE-1:0] place = 0;
            always @(posedge clk) begin
                if (in_valid) words[place] <= in_data;
                if (read) word <= words[read_index[PLACE-1:0]];
                if (in_valid) place <= in_last ? {PLACE{1'b0}} : place + 1'b1;
                if (rst) place <= 0;
            end
            assign first     = 0;
            assign read_data = word;
        end
    endgenerate
endmodule
`default_nettype wire
