// Softmax of CLASSES codes in fixed point, as TFLite's reference kernel for 8 bits computes it, one small step a clock.
//
// Parameters: CLASSES (1 to 4095) codes of IN_BITS; results are codes of 8 bits, 256 times the softmax. FILE has
//   2**IN_BITS words of 31 bits: word d is exp of d codes below the greatest, with 31 fractional bits. ROM_STYLE is its
//   rom_style attribute, RAM_STYLE the ram_style of the codes.
// Timing: 42 * CLASSES + 242 operations: a class is taken in each of the first CLASSES; each takes 4 for its part of the
//   sum, which takes 11 to be shifted to its first bit; 7 products, 33 each, make its reciprocal; the last 37 * CLASSES
//   multiply, and each result follows 1 clock after the last of its 37.
module softmax #(
    parameter CLASSES = 10,
    parameter IN_BITS = 8,
    parameter ROM_STYLE = "auto",
    parameter RAM_STYLE = "auto",
    parameter FILE = ""
) (
    input clk,
    input rst,
    input [IN_BITS-1:0] in_data,
    input in_valid,
    output in_ready,
    output [7:0] out_data,
    output out_push,
    output out_reserve,
    input out_room
);
    localparam INDEX_BITS = CLASSES > 1 ? $clog2(CLASSES) : 1;
    localparam [INDEX_BITS-1:0] LAST = CLASSES - 1;
    localparam TAKE = 0, SUM = 1, SHIFT = 2, INVERT = 3, MULTIPLY = 4;
    // 48/17 and -32/17 with 29 fractional bits: the line that Newton's method starts from; and 1.
    localparam signed [32:0] START = 1515870810, SLOPE = -1010580540, ONE = 1 << 29;

    reg [2:0] state;
    reg [5:0] count;  // of operations of a state's round
    reg [INDEX_BITS-1:0] index;  // of the class, or of the reciprocal's product
    reg [2:0] product;
    reg [5:0] last_count;
    always @*
        case (state)
            SUM: last_count = 3;
            SHIFT: last_count = 10;
            INVERT: last_count = 32;
            MULTIPLY: last_count = 36;
            default: last_count = 0;
        endcase
    wire round_ends = count == last_count;
    wire each_class = state == TAKE || state == SUM || state == MULTIPLY;
    wire state_ends = round_ends && (each_class ? index == LAST : state == SHIFT || product == 6);

    wire takes = state == TAKE;
    wire yields = state == MULTIPLY && round_ends;
    wire issue = (!takes || in_valid) && (!yields || out_room);
    assign in_ready = takes;
    assign out_reserve = issue && yields;
    always @(posedge clk) begin
        if (issue) begin
            count <= round_ends ? 6'd0 : count + 1'b1;
            if (round_ends && each_class)
                index <= index == LAST ? {INDEX_BITS{1'b0}} : index + 1'b1;
            if (round_ends && state == INVERT)
                product <= product == 6 ? 3'd0 : product + 1'b1;
            if (state_ends)
                state <= state == MULTIPLY ? TAKE : state + 1'b1;
        end
        if (rst) begin
            state <= TAKE;
            count <= 0;
            index <= 0;
            product <= 0;
        end
    end

    // The classes, the greatest of them, and exp of how far each one is below it.
    (* ram_style = RAM_STYLE *)
    reg [IN_BITS-1:0] codes [0:(1<<INDEX_BITS)-1];
    reg [IN_BITS-1:0] greatest, below;
    (* rom_style = ROM_STYLE *)
    reg [30:0] exponentials [0:(1<<IN_BITS)-1];
    generate
        if (FILE != "") begin : contents
            initial $readmemh(FILE, exponentials);
        end
    endgenerate
    reg [30:0] fetched, exponential;
    wire taken = takes && in_valid;
    always @(posedge clk) begin
        if (taken)
            codes[index] <= in_data;
        if (taken && (index == 0 || in_data > greatest))
            greatest <= in_data;
        below <= greatest - codes[index];
        fetched <= exponentials[below];
        exponential <= fetched;
    end

    // Their sum with 19 fractional bits, then shifted up to bit 30; `excess` are its bits above one.
    reg [30:0] sum;
    reg [3:0] excess;
    wire [31:0] nearest = exponential + 32'd2048;
    always @(posedge clk) begin
        if (state == TAKE) begin
            sum <= 0;
            excess <= 11;
        end
        if (state == SUM && round_ends)
            sum <= sum + nearest[31:12];
        if (state == SHIFT && !sum[30]) begin
            sum <= sum << 1;
            excess <= excess - 1'b1;
        end
    end

    // (a * b + 2^30) >> 31 in 31 steps, b not negative.
    reg signed [32:0] a;
    reg [30:0] b;
    reg signed [33:0] part;
    wire signed [33:0] next_part = part + (b[0] ? a : 33'sd0);
    reg signed [32:0] guess, error;
    wire [32:0] doubled = guess << 1;
    wire [30:0] inverse = doubled[31] ? {31{1'b1}} : doubled[30:0];  // 1 saturates
    wire load = state == INVERT ? count == 0 : count == 3;
    always @(posedge clk) begin
        part <= load ? 34'sd1 <<< 30 : next_part >>> 1;
        b <= b >> 1;
        if (load && state == MULTIPLY) begin
            a <= {2'b0, inverse};
            b <= exponential;
        end else if (load) begin
            a <= product == 0 ? SLOPE : product[0] ? guess : error;
            b <= product == 0 || product[0] ? sum : guess[30:0];
        end
        if (state == INVERT && round_ends) begin
            if (product[0])
                error <= ONE - part;
            else
                guess <= product == 0 ? START + part : guess + (part <<< 2);
        end
    end

    reg [8:0] scaled;
    reg [7:0] result;
    reg push;
    wire [9:0] rounded = (scaled + 10'd1) >> 1;
    assign out_data = result;
    assign out_push = push;
    always @(posedge clk) begin
        if (count == 35)
            scaled <= part[30:22] >> excess;
        result <= rounded[8] ? 8'd255 : rounded[7:0];
        push <= !rst && issue && yields;
    end
endmodule
