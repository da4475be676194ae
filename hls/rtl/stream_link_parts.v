// Parts of vectors on their way into the core: one is received while another plays.
//
// The bytes of a frame are taken apart bit by bit, as in host_link_vector: first those of a part, PART_BEATS beats, then a
// number of four bytes. They go where no part lies that has not been played; where both places are taken as the frame
// begins, they go nowhere. A part counts as soon as it came undamaged and its number is that of the parts before it. The
// last part of a vector may be longer than what the vector lacks: the beats behind are padding, and are not played.
// `play` has the part that came played over and over, as `number` vectors; nothing else may be held then.
`default_nettype none
module stream_link_parts #(
    parameter IN_WIDTH   = 8,
    parameter IN_BEATS   = 40,  // of a vector
    parameter PART_BEATS = 16
) (
    input  wire                clk,
    input  wire                rst,
    input  wire                clear,        // a new frame begins
    input  wire [7:0]          byte_data,
    input  wire                byte_valid,   // only while not `busy`
    output wire                busy,
    input  wire                kept,         // the bytes are a part's, and a number's
    output reg  [31:0]         number,       // the last four bytes
    input  wire                came,         // one cycle: the frame of a part is undamaged
    output reg  [31:0]         parts,        // that counted since the last reset
    input  wire                play,         // one cycle
    output wire                playing,      // vectors remain to be played so
    output wire                vector_ends,  // one cycle: a vector's last beat is being read for the output
    output reg  [IN_WIDTH-1:0] out_data,
    output reg                 out_valid,
    input  wire                out_ready
);
    localparam FILL      = IN_WIDTH > 1 ? $clog2(IN_WIDTH) : 1;
    localparam BEAT      = PART_BEATS > 1 ? $clog2(PART_BEATS) : 1;
    localparam PLACE     = IN_BEATS > 1 ? $clog2(IN_BEATS) : 1;
    localparam LAST_BIT  = IN_WIDTH - 1;
    localparam LAST_BEAT = PART_BEATS - 1;
    localparam LAST      = IN_BEATS - 1;

    reg [7:0] shift = 0;
    reg [3:0] left = 0;  // bits of the byte still to be taken
    reg [IN_WIDTH-1:0] word = 0;
    reg [FILL-1:0] filled = 0;
    reg [BEAT-1:0] write_at = 0, read_at = 0;
    reg write_half = 0, read_half = 0;
    reg [1:0] held = 0;  // parts that count and have not been played
    reg open = 0;        // the frame's bytes are kept
    reg complete = 0;
    reg [PLACE-1:0] place = 0;  // beat of the vector that plays
    reg running = 0;
    reg [31:0] vectors = 0;
    initial {number, parts, out_valid} = 0;

    wire accept   = busy && kept && open && !complete;
    wire finished = accept && filled == LAST_BIT[FILL-1:0];
    wire [IN_WIDTH-1:0] top_bit = {{IN_WIDTH - 1{1'b0}}, shift[0]} << LAST_BIT;
    wire [IN_WIDTH-1:0] grown   = top_bit | (word >> 1);
    wire next = came && open && number == parts;
    assign busy    = left != 0;
    assign playing = running && vectors != 0;

    wire read      = (held != 0 || playing) && (!out_valid || out_ready);
    wire part_ends = read && (read_at == LAST_BEAT[BEAT-1:0] || place == LAST[PLACE-1:0]);
    wire leaves    = part_ends && !playing;
    assign vector_ends = read && place == LAST[PLACE-1:0];

    // A beat is never read and written at once, so no tool need guard it.
    (* no_rw_check *)
    reg [IN_WIDTH-1:0] beats [0:(2<<BEAT)-1];

    always @(posedge clk) begin
        if (finished) beats[{write_half, write_at}] <= grown;
        if (read) out_data <= beats[{read_half, read_at}];
    end

    always @(posedge clk) begin
        if (byte_valid) begin
            shift <= byte_data;
            left  <= 8;
        end else if (busy) begin
            shift <= shift >> 1;
            left  <= left - 1'b1;
        end
        if (busy) number <= {shift[0], number[31:1]};
        if (accept) begin
            word   <= grown;
            filled <= finished ? {FILL{1'b0}} : filled + 1'b1;
        end
        if (finished) begin
            write_at <= write_at + 1'b1;
            complete <= write_at == LAST_BEAT[BEAT-1:0];
        end
        if (clear) begin
            filled   <= 0;
            write_at <= 0;
            complete <= 0;
            open     <= !held[1];
        end
        if (next) begin
            parts      <= parts + 1'b1;
            write_half <= !write_half;
        end
        if (rst) begin
            open       <= 0;
            parts      <= 0;
            write_half <= 0;
        end
    end

    always @(posedge clk) begin
        if (read) out_valid <= 1;
        else if (out_ready) out_valid <= 0;
        if (read) begin
            read_at <= part_ends ? {BEAT{1'b0}} : read_at + 1'b1;
            place   <= vector_ends ? {PLACE{1'b0}} : place + 1'b1;
        end
        if (leaves) read_half <= !read_half;
        if (next != leaves) held <= next ? held + 1'b1 : held - 1'b1;
        if (play) vectors <= number;
        else if (vector_ends) vectors <= vectors - 1'b1;
        if (play) running <= 1;
        else if (!playing) running <= 0;
        if (rst) begin
            out_valid <= 0;
            read_at   <= 0;
            place     <= 0;
            read_half <= 0;
            held      <= 0;
            running   <= 0;
        end
    end
endmodule
`default_nettype wire
