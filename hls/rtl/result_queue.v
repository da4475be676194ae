// Results of a pipeline that never stops: a place is promised to every input that is accepted, so the
// pipeline needs no clock enable and back-pressure at the output holds inputs back, never results.
module result_queue #(
    parameter WIDTH = 3,
    parameter ADDRESS_BITS = 3,
    parameter DIRECT = 0  // whether a result that finds the queue empty is offered in the cycle of its push
) (
    input  wire             clk,
    input  wire             rst,
    // The pipeline's input: `ready` while a place is free, which each `accepted` input takes.
    output wire             ready,
    input  wire             accepted,
    // The pipeline's output.
    input  wire             push,
    input  wire [WIDTH-1:0] push_data,
    output wire [WIDTH-1:0] out_data,
    output wire             out_valid,
    input  wire             out_ready
);
    localparam [ADDRESS_BITS:0] PLACES = {1'b1, {ADDRESS_BITS{1'b0}}};
    localparam [ADDRESS_BITS:0] ONE = {{ADDRESS_BITS{1'b0}}, 1'b1};

    reg [WIDTH-1:0] entries [0:(1 << ADDRESS_BITS) - 1];
    reg [ADDRESS_BITS-1:0] write_place, read_place;
    reg [ADDRESS_BITS:0] free, filled;
    wire pop = out_valid && out_ready;

    assign ready = |free;
    assign out_valid = |filled || (DIRECT != 0 && push);
    assign out_data = DIRECT == 0 || |filled ? entries[read_place] : push_data;

    always @(posedge clk) begin
        if (push) entries[write_place] <= push_data;
        if (rst) begin
            write_place <= 0;
            read_place <= 0;
            free <= PLACES;
            filled <= 0;
        end else begin
            if (push) write_place <= write_place + ONE[ADDRESS_BITS-1:0];
            if (pop) read_place <= read_place + ONE[ADDRESS_BITS-1:0];
            if (accepted != pop) free <= accepted ? free - ONE : free + ONE;
            if (push != pop) filled <= push ? filled + ONE : filled - ONE;
        end
    end
endmodule
