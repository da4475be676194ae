// Double buffer of vectors: one is written while the other is played REPEATS times, once for each neuron fold.
//
// Parameters: WIDTH bits a beat; BEATS a vector; REPEATS times each vector is played.
// Timing: a beat can leave two cycles after it entered, while the rest of its vector is still arriving. One beat in
//   and one out every cycle. out_last marks the last beat of each play.
module vector_buffer #(
    parameter WIDTH = 8,
    parameter BEATS = 2,
    parameter REPEATS = 1
) (
    input clk,
    input rst,
    input [WIDTH-1:0] in_data,
    input in_valid,
    output in_ready,
    output reg [WIDTH-1:0] out_data,
    output reg out_last,
    output reg out_valid,
    input out_ready
);
    localparam BEAT_BITS = BEATS > 1 ? $clog2(BEATS) : 1;
    localparam PLAY_BITS = REPEATS > 1 ? $clog2(REPEATS) : 1;
    localparam [BEAT_BITS-1:0] LAST_BEAT = BEATS - 1;
    localparam [PLAY_BITS-1:0] LAST_PLAY = REPEATS - 1;

    // The top address bit selects the vector. A beat is never read and written at once, so no tool need guard it.
    (* no_rw_check *)
    reg [WIDTH-1:0] memory [0:(2<<BEAT_BITS)-1];

    reg [BEAT_BITS-1:0] write_beat, read_beat;
    reg [PLAY_BITS-1:0] play;
    reg write_half, read_half;
    reg [1:0] complete;  // whole vectors held

    wire write = in_valid && in_ready;
    wire write_ends = write && write_beat == LAST_BEAT;
    // The reader is never ahead of the writer.
    wire present = complete != 0 || read_beat != write_beat;
    wire read = present && (!out_valid || out_ready);
    wire last_beat = read_beat == LAST_BEAT;
    wire play_ends = read && last_beat;
    wire read_ends = play_ends && play == LAST_PLAY;

    assign in_ready = !complete[1];

    always @(posedge clk) begin
        if (write) begin
            memory[{write_half, write_beat}] <= in_data;
            write_beat <= write_beat + 1'b1;
        end
        if (read) begin
            out_data <= memory[{read_half, read_beat}];
            out_last <= last_beat;
            read_beat <= read_beat + 1'b1;
        end
        if (out_ready || !out_valid)
            out_valid <= present;
        if (play_ends)
            play <= play + 1'b1;
        if (write_ends != read_ends)
            complete <= write_ends ? complete + 1'b1 : complete - 1'b1;
        write_half <= write_half ^ write_ends;
        read_half <= read_half ^ read_ends;
        if (rst || write_ends)
            write_beat <= 0;
        if (rst || play_ends)
            read_beat <= 0;
        if (rst || read_ends)
            play <= 0;
        if (rst) begin
            write_half <= 1'b0;
            read_half <= 1'b0;
            complete <= 0;
            out_valid <= 1'b0;
        end
    end
endmodule
