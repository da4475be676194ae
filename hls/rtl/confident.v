// Whether the greatest of CLASSES codes that arrive one a beat leads the second greatest by `threshold` or more.
//
// Parameters: CLASSES codes, 2 or more, of BITS; STEP, by which a lead of one code counts; THRESHOLD_BITS.
// Timing: a code every clock; the answer follows 3 clocks after the last one.
module confident #(
    parameter CLASSES = 2,
    parameter BITS = 8,
    parameter STEP = 1,
    parameter THRESHOLD_BITS = 8
) (
    input clk,
    input rst,
    input [THRESHOLD_BITS-1:0] threshold,
    input [BITS-1:0] in_data,
    input in_valid,
    output in_ready,
    output out_data,
    output out_push,
    output out_reserve,
    input out_room
);
    localparam COUNT_BITS = $clog2(CLASSES);
    localparam [COUNT_BITS-1:0] LAST = CLASSES - 1;

    reg [COUNT_BITS-1:0] index;
    wire last = index == LAST;
    wire issue = in_valid && in_ready;
    assign in_ready = !last || out_room;
    assign out_reserve = issue && last;

    reg [BITS-1:0] code, first, second;
    localparam OWN = BITS + $clog2(STEP + 1);
    localparam WIDE = OWN > THRESHOLD_BITS ? OWN : THRESHOLD_BITS + 1;
    wire [BITS-1:0] codes = first - second;
    wire [WIDE-1:0] lead = {{WIDE - BITS{1'b0}}, codes} * STEP;

    reg starts, came, ended, known, push, leads;
    assign out_data = leads;
    assign out_push = push;
    always @(posedge clk) begin
        if (issue)
            index <= last ? {COUNT_BITS{1'b0}} : index + 1'b1;
        code <= in_data;
        starts <= index == 0;
        came <= issue;
        ended <= issue && last;
        if (came) begin
            // No code is below 0, so there is a second one from the start.
            if (starts || code > first) begin
                first <= code;
                second <= starts ? {BITS{1'b0}} : first;
            end else if (code > second)
                second <= code;
        end
        known <= ended;
        leads <= lead >= {{WIDE - THRESHOLD_BITS{1'b0}}, threshold};
        push <= known;
        if (rst) begin
            index <= 0;
            came <= 1'b0;
            ended <= 1'b0;
            known <= 1'b0;
            push <= 1'b0;
        end
    end
endmodule
