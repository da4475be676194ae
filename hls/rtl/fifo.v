// FIFO between two units. A unit reserves a place when it issues an operation and pushes the result when it is ready,
// so that no unit need ever stop halfway.
//
// Parameters: WIDTH bits a beat, DEPTH places. RAM_STYLE says where the beats lie: "block" for deep ones, "distributed",
//   or "registers" for few places where LUTs hold no memory.
// Timing: in_room tells of a place that is free; it depends on nothing but registers. in_reserve takes it (in the clock
//   of in_push, or any before). A beat can leave the clock after it was pushed, out of block RAM two clocks after. With
//   as many places as a beat needs clocks from its reservation until its place is free again, one beat goes every clock.
module fifo #(
    parameter WIDTH = 8,
    parameter DEPTH = 2,
    parameter RAM_STYLE = "distributed"
) (
    input clk,
    input rst,
    output in_room,
    input in_reserve,
    input in_push,
    input [WIDTH-1:0] in_data,
    output out_valid,
    input out_ready,
    output [WIDTH-1:0] out_data
);
    localparam COUNT_BITS = $clog2(DEPTH + 1);
    localparam [COUNT_BITS-1:0] FULL = DEPTH;
    localparam ADDRESS_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1;

    reg [COUNT_BITS-1:0] taken;  // places reserved or filled
    wire pop = out_valid && out_ready;
    assign in_room = taken != FULL;
    always @(posedge clk)
        if (rst)
            taken <= 0;
        else if (in_reserve != pop)
            taken <= taken + {{(COUNT_BITS-1){!in_reserve}}, 1'b1};  // one more or one less, in one carry chain

    // Addresses go round a memory of DEPTH in block RAM, where places cost. Elsewhere they wrap at a power of two: the
    // memory is that large, DEPTH of it is used at a time.
    localparam WORDS = RAM_STYLE == "block" ? DEPTH : 1 << ADDRESS_BITS;
    localparam [ADDRESS_BITS-1:0] LAST = WORDS - 1;
    localparam WRAPS = WORDS != 1 << ADDRESS_BITS;
    reg [ADDRESS_BITS-1:0] write_at, read_at;
    reg [COUNT_BITS-1:0] stored;  // beats in the memory
    wire fetch;
    always @(posedge clk) begin
        if (in_push)
            write_at <= WRAPS && write_at == LAST ? {ADDRESS_BITS{1'b0}} : write_at + 1'b1;
        if (fetch)
            read_at <= WRAPS && read_at == LAST ? {ADDRESS_BITS{1'b0}} : read_at + 1'b1;
        if (in_push != fetch)
            stored <= stored + {{(COUNT_BITS-1){!in_push}}, 1'b1};
        if (rst) begin
            write_at <= 0;
            read_at <= 0;
            stored <= 0;
        end
    end

    generate
        if (RAM_STYLE == "block") begin : block
            // A beat is never read and written at once, so no tool need guard it.
            (* ram_style = "block" *) (* no_rw_check *)
            reg [WIDTH-1:0] memory [0:WORDS-1];
            reg [WIDTH-1:0] fetched;
            reg valid;
            assign fetch = stored != 0 && (!valid || out_ready);
            assign out_valid = valid;
            assign out_data = fetched;
            always @(posedge clk) begin
                if (in_push)
                    memory[write_at] <= in_data;
                if (fetch)
                    fetched <= memory[read_at];
                if (fetch || out_ready)
                    valid <= fetch;
                if (rst)
                    valid <= 1'b0;
            end
        end else if (RAM_STYLE == "registers") begin : row
            // Beats move up to place 0, from where they leave. Behind the last beat nothing is looked at.
            wire [COUNT_BITS-1:0] left = stored - pop;
            reg [DEPTH*WIDTH-1:0] places;
            assign fetch = pop;
            assign out_valid = stored != 0;
            assign out_data = places[WIDTH-1:0];
            genvar i;
            for (i = 0; i < DEPTH; i = i + 1) begin : place
                if (i == DEPTH - 1) begin : last
                    always @(posedge clk)
                        if (in_push)
                            places[i*WIDTH +: WIDTH] <= in_data;
                end else begin : inner
                    always @(posedge clk)
                        if (in_push && left == i)
                            places[i*WIDTH +: WIDTH] <= in_data;
                        else if (pop)
                            places[i*WIDTH +: WIDTH] <= places[(i+1)*WIDTH +: WIDTH];
                end
            end
        end else begin : spread
            (* ram_style = "distributed" *)
            reg [WIDTH-1:0] memory [0:WORDS-1];
            assign fetch = pop;
            assign out_valid = stored != 0;
            assign out_data = memory[read_at];
            always @(posedge clk)
                if (in_push)
                    memory[write_at] <= in_data;
        end
    endgenerate
endmodule
