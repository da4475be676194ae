// Hands vectors to the core back to back: the one from the host once, or the stored ones as often as asked for. Where none
// are stored, that from the host as often as asked for.
//
// The core alone sets the pace: a beat is read from its memory in the cycle in which the one before it moves, so one
// can move in every cycle. The number of vectors is shifted in with the payload, low bit first.
`default_nettype none
module bench_feeder #(
    parameter IN_WIDTH      = 8,
    parameter IN_BEATS      = 40,
    parameter BENCH_VECTORS = 16,  // 0: none are stored
    parameter FILE          = "",
    parameter BEAT          = IN_BEATS > 1 ? $clog2(IN_BEATS) : 1  // derived: width of a beat's number
) (
    input  wire                clk,
    input  wire                rst,
    input  wire                count_bit,
    input  wire                count_shift,
    input  wire                start_host,   // one vector, the host's
    input  wire                start_bench,  // as many vectors as were counted, from the first one stored
    output wire                active,       // vectors remain to be handed over
    output wire                vector_ends,  // one cycle: a vector's last beat is being read for the output
    output wire                read,         // read port of the host's vector
    output wire [BEAT-1:0]     address,
    input  wire [IN_WIDTH-1:0] host_data,
    output wire [IN_WIDTH-1:0] out_data,
    output reg                 out_valid,
    input  wire                out_ready
);
    localparam LAST = IN_BEATS - 1;

    reg [31:0]     left = 0;  // vectors still to be handed over
    reg [BEAT-1:0] beat = 0;
    reg            running = 0;
    initial out_valid = 0;

    assign active      = running && left != 0;
    assign read        = active && (!out_valid || out_ready);
    assign vector_ends = read && beat == LAST[BEAT-1:0];
    assign address     = beat;

    generate if (BENCH_VECTORS == 0) begin : again
        assign out_data = host_data;
    end else begin : stored
        reg bench = 0;
        wire [IN_WIDTH-1:0] bench_data;
        assign out_data = bench ? bench_data : host_data;
        always @(posedge clk) if (start_host || start_bench) bench <= start_bench;
        bench_source #(.WIDTH(IN_WIDTH), .DEPTH(BENCH_VECTORS * IN_BEATS), .FILE(FILE)) source (
            .clk(clk), .rewind(start_bench), .read(read && bench), .data(bench_data));
    end endgenerate

    always @(posedge clk) begin
        if (read) out_valid <= 1;
        else if (out_ready) out_valid <= 0;
        if (read) beat <= vector_ends ? {BEAT{1'b0}} : beat + 1'b1;
        if (count_shift) left <= {count_bit, left[31:1]};
        else if (start_host) left <= 1;
        else if (vector_ends) left <= left - 1'b1;
        if (start_host || start_bench) running <= 1;
        else if (!active) running <= 0;
        if (rst) begin
            running   <= 0;
            out_valid <= 0;
            beat      <= 0;
        end
    end
endmodule
`default_nettype wire
