// Packs an answer's bytes into words of 32 bits: BYTES bytes, then one that is 1 if the vector came incomplete, then
// zeros up to a whole word.
//
// Only the end waits for the vector's mark: a core may begin its answer before all of the vector is there. An answer of
// one byte is one word in the cycle in which the byte comes; a longer one takes a cycle a byte and one for the end.
`default_nettype none
module axi_answer #(
    parameter BYTES = 1
) (
    input  wire        clk,
    input  wire        rst,
    input  wire [7:0]  in_data,
    input  wire        in_last,   // of the answer
    input  wire        in_valid,
    output wire        in_ready,
    input  wire        marked,    // whether the vector is damaged is known
    input  wire        damaged,
    output wire [31:0] out_data,
    output wire        out_last,  // of the answer
    output wire        out_valid,
    input  wire        out_ready,
    output wire        ending     // all bytes have come, the last word has not gone
);
    localparam TAIL = BYTES % 4;  // bytes of the answer in its last word

    generate
        if (BYTES == 1) begin : byte_alone
            assign out_data  = {23'd0, damaged, in_data};
            assign out_last  = 1;
            assign out_valid = in_valid && marked;
            assign in_ready  = out_ready && marked;
            assign ending    = 0;
            wire unused = &{1'b0, clk, rst, in_last};
        end else begin : many
            reg [23:0] head;  // the bytes before, the newest in the top bits
            reg [1:0]  place = 0;
            reg        ends = 0;
            wire       whole   = place == 3;
            wire       takes   = in_valid && in_ready;
            wire [31:0] tail   = {8'd0, head} >> 8 * (3 - TAIL) | {31'd0, damaged} << 8 * TAIL;

            assign in_ready  = !ends && (!whole || out_ready);
            assign out_valid = ends ? marked : in_valid && whole;
            assign out_data  = ends ? tail : {in_data, head};
            assign out_last  = ends;
            assign ending    = ends;
            always @(posedge clk) begin
                if (takes) head <= {in_data, head[23:8]};
                if (takes) place <= in_last ? 2'd0 : place + 1'b1;
                ends <= ends ? !(marked && out_ready) : takes && in_last;
                if (rst) begin
                    place <= 0;
                    ends  <= 0;
                end
            end
        end
    endgenerate
endmodule
`default_nettype wire
