// A carry chain of 4-input look-up tables (ECP5's CCU2C). A place shows its table's bit plus the carry from below; it passes
// that carry on where the bit is 1, and what the table has for a and b with c = d = 0 where it is 0. No carry goes into the
// lowest place.
module carry_luts #(
    parameter PLACES = 2,
    parameter [16*PLACES-1:0] INIT = {(16 * PLACES){1'b0}}
) (
    input  wire [PLACES-1:0] a,
    input  wire [PLACES-1:0] b,
    input  wire [PLACES-1:0] c,
    input  wire [PLACES-1:0] d,
    output wire [PLACES-1:0] sum
);
    genvar i;
`ifdef SYNTHESIS
    localparam CELLS = (PLACES + 1) / 2;
    localparam [32*CELLS-1:0] TABLES = INIT;
    wire [2*CELLS-1:0] a_i = a, b_i = b, c_i = c, d_i = d;
    wire [2*CELLS-1:0] out;
    wire [CELLS:0] carries;
    assign carries[0] = 1'b0;
    assign sum = out[PLACES-1:0];
    generate
        for (i = 0; i < CELLS; i = i + 1) begin : cells
            CCU2C #(
                .INIT0(TABLES[32*i+:16]), .INIT1(TABLES[32*i+16+:16]), .INJECT1_0("NO"), .INJECT1_1("NO")
            ) places (
                .CIN(carries[i]), .COUT(carries[i+1]),
                .A0(a_i[2*i]), .B0(b_i[2*i]), .C0(c_i[2*i]), .D0(d_i[2*i]), .S0(out[2*i]),
                .A1(a_i[2*i+1]), .B1(b_i[2*i+1]), .C1(c_i[2*i+1]), .D1(d_i[2*i+1]), .S1(out[2*i+1])
            );
        end
    endgenerate
`else
    wire [PLACES-1:0] shown;
    wire [PLACES-1:0] passed;
    generate
        for (i = 0; i < PLACES; i = i + 1) begin : tables
            localparam [15:0] TABLE = INIT[16*i+:16];
            assign shown[i] = TABLE[{d[i], c[i], b[i], a[i]}];
            assign passed[i] = !shown[i] && TABLE[{2'b00, b[i], a[i]}];
        end
    endgenerate
    // Where the table shows 1 one operand has it, where it makes a carry both.
    assign sum = (shown | passed) + passed;
`endif
endmodule
