// Product of two unsigned numbers, in a pipeline: a new one every clock.
//
// Parameters: A_BITS, B_BITS of the factors. With DSP both are cut into pieces of A_PIECE and B_PIECE bits at most, for
//   multipliers, and their products are added; without, a is added once for each bit of b.
// Timing: 1 clock, and 1 more for each doubling of what is added.
module product #(
    parameter A_BITS = 8,
    parameter B_BITS = 8,
    parameter DSP = 1,
    parameter A_PIECE = 18,
    parameter B_PIECE = 18
) (
    input clk,
    input [A_BITS-1:0] a,
    input [B_BITS-1:0] b,
    output [A_BITS+B_BITS-1:0] out
);
    localparam BITS = A_BITS + B_BITS;
    localparam A_TERMS = DSP ? (A_BITS + A_PIECE - 1) / A_PIECE : 1;
    localparam TERMS = A_TERMS * (DSP ? (B_BITS + B_PIECE - 1) / B_PIECE : B_BITS);
    localparam LEVELS = $clog2(TERMS);

    wire [TERMS*BITS-1:0] nodes [0:LEVELS];
    genvar i, l;
    generate
        for (i = 0; i < TERMS; i = i + 1) begin : term
            localparam A_LOW = DSP ? (i % A_TERMS) * A_PIECE : 0;
            localparam B_LOW = DSP ? (i / A_TERMS) * B_PIECE : i;
            localparam A_WIDTH = DSP && A_LOW + A_PIECE < A_BITS ? A_PIECE : A_BITS - A_LOW;
            localparam B_WIDTH = !DSP ? 1 : B_LOW + B_PIECE < B_BITS ? B_PIECE : B_BITS - B_LOW;
            wire [A_WIDTH-1:0] a_piece = a[A_LOW +: A_WIDTH];
            wire [B_WIDTH-1:0] b_piece = b[B_LOW +: B_WIDTH];
            reg [A_WIDTH+B_WIDTH-1:0] part;
            if (DSP) begin : multiplied
                always @(posedge clk)
                    part <= a_piece * b_piece;
            end else begin : passed
                // A register that is cleared needs no gates before the adder.
                always @(posedge clk)
                    part <= b_piece ? a_piece : {A_WIDTH{1'b0}};
            end
            assign nodes[0][i*BITS +: BITS] = {{BITS{1'b0}}, part} << (A_LOW + B_LOW);
        end
        for (l = 1; l <= LEVELS; l = l + 1) begin : level
            localparam FROM = (TERMS + (1 << (l - 1)) - 1) >> (l - 1);
            for (i = 0; 2 * i < FROM; i = i + 1) begin : pair
                reg [BITS-1:0] sum;
                if (2 * i + 1 < FROM) begin : two
                    always @(posedge clk)
                        sum <= nodes[l-1][2*i*BITS +: BITS] + nodes[l-1][(2*i+1)*BITS +: BITS];
                end else begin : one
                    always @(posedge clk)
                        sum <= nodes[l-1][2*i*BITS +: BITS];
                end
                assign nodes[l][i*BITS +: BITS] = sum;
            end
        end
    endgenerate
    assign out = nodes[LEVELS][BITS-1:0];
endmodule
