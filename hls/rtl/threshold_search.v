// Counts how many thresholds an unsigned accumulator reaches, by binary search with one comparator.
//
// Parameters: THRESHOLD_FILE has NEURONS*2**OUT_BITS words of BITS: for each neuron, word 0 unused, then threshold k as
//   word k+1, ascending, padded up to 2**OUT_BITS-1 levels with one that is never reached. BITS is at least ACC_BITS.
//   ROM_STYLE is the ROM's rom_style attribute.
// Timing: OUT_BITS cycles an accumulator, taken in the last of them; the count is valid the cycle after.
module threshold_search #(
    parameter ACC_BITS = 8,
    parameter BITS = 8,
    parameter OUT_BITS = 2,
    parameter NEURONS = 1,
    parameter ROM_STYLE = "auto",
    parameter THRESHOLD_FILE = ""
) (
    input clk,
    input rst,
    input [ACC_BITS-1:0] in_data,
    input in_valid,
    output in_ready,
    output reg [OUT_BITS-1:0] out_data,
    output reg out_valid,
    input out_ready
);
    localparam NEURON_BITS = NEURONS > 1 ? $clog2(NEURONS) : 1;
    localparam [NEURON_BITS-1:0] LAST_NEURON = NEURONS - 1;
    localparam [OUT_BITS-1:0] TOP = 1 << (OUT_BITS - 1);

    (* rom_style = ROM_STYLE *)
    reg [BITS-1:0] rom [0:(NEURONS<<OUT_BITS)-1];
    generate
        if (THRESHOLD_FILE != "") begin : load
            initial $readmemh(THRESHOLD_FILE, rom);
        end
    endgenerate

    // `entry` is always the threshold of `count | tested`, the count now tried.
    reg [NEURON_BITS-1:0] neuron, next_neuron;
    reg [OUT_BITS-1:0] count, next_count;
    reg [OUT_BITS-1:0] tested, next_tested;
    reg [BITS-1:0] entry;

    wire last = tested[0];
    wire [OUT_BITS-1:0] result = in_data >= entry ? count | tested : count;
    wire step = in_valid && (!last || !out_valid || out_ready);
    assign in_ready = step && last;

    always @* begin
        next_neuron = neuron;
        next_count = count;
        next_tested = tested;
        if (rst) begin
            next_neuron = 0;
            next_count = 0;
            next_tested = TOP;
        end else if (step) begin
            next_count = last ? {OUT_BITS{1'b0}} : result;
            next_tested = last ? TOP : tested >> 1;
            if (last)
                next_neuron = neuron == LAST_NEURON ? {NEURON_BITS{1'b0}} : neuron + 1'b1;
        end
    end

    always @(posedge clk) begin
        neuron <= next_neuron;
        count <= next_count;
        tested <= next_tested;
        entry <= rom[{next_neuron, next_count | next_tested}];
        if (in_ready) begin
            out_data <= result;
            out_valid <= 1'b1;
        end else if (out_ready)
            out_valid <= 1'b0;
        if (rst)
            out_valid <= 1'b0;
    end
endmodule
