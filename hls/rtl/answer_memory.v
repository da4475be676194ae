// Earlier answers before a core: where a vector comes that is kept, its answer goes out and the core sees nothing of it.
//
// One vector at a time: it is filled into a buffer while a hash of it is made; then the PLACES vectors that are kept are
// looked through, the last used first. One of the same hash is compared whole, so only equal vectors count. The list moves
// by a place as it is read; the vector found, or where there is none the least recently used place, comes to its front.
// A vector that is not kept goes to the core and, with its answer, into that place.
// Timing: IN_BEATS and 2 * PLACES clocks before the core's first beat, IN_BEATS more for each that has the same hash.
`default_nettype none
module answer_memory #(
    parameter IN_WIDTH  = 8,
    parameter IN_BEATS  = 4,
    parameter OUT_WIDTH = 8,
    parameter OUT_BEATS = 2,
    parameter PLACES    = 4
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire                 forget,  // the core answers otherwise from the vector on that comes next, or is coming
    input  wire [IN_WIDTH-1:0]  in_data,
    input  wire                 in_valid,
    output wire                 in_ready,
    output wire [OUT_WIDTH-1:0] out_data,
    output wire                 out_valid,
    input  wire                 out_ready,
    output wire [IN_WIDTH-1:0]  to_data,  // to the core, and from it
    output wire                 to_valid,
    input  wire                 to_ready,
    input  wire [OUT_WIDTH-1:0] from_data,
    input  wire                 from_valid,
    output wire                 from_ready
);
    localparam HASH = 16;
    localparam SLOT = PLACES > 1 ? $clog2(PLACES) : 1;
    localparam BEAT = $clog2(IN_BEATS + 1);
    localparam PICK = IN_BEATS > 1 ? $clog2(IN_BEATS) : 1;
    localparam SENT = $clog2(OUT_BEATS + 1);
    localparam KEPT = PLACES * IN_BEATS > 1 ? $clog2(PLACES * IN_BEATS) : 1;
    localparam TOLD = PLACES * OUT_BEATS > 1 ? $clog2(PLACES * OUT_BEATS) : 1;
    localparam [31:0] LAST_PLACE = PLACES - 1, LAST_BEAT = IN_BEATS - 1, ALL_BEATS = IN_BEATS, ALL_SENT = OUT_BEATS;
    localparam [2:0] FILL = 0, EMPTY = 1, LOOK = 2, TAKE = 3, COMPARE = 4, RECALL = 5, RUN = 6, KEEP = 7;

    reg [2:0] state = FILL;
    reg       stale = 1;  // nothing that is kept counts
    reg       final_place = 0;
    reg [HASH-1:0] hash = 0;
    reg [SLOT-1:0] place = 0;
    reg [BEAT-1:0] beat = 0, moved = 0;
    reg [SENT-1:0] sent = 0;
    reg [KEPT-1:0] base = 0;
    reg [TOLD-1:0] told = 0;

    // The list: whether a place is used, the hash of its vector, and where its answer and the vector begin.
    localparam ENTRY = 1 + HASH + TOLD + KEPT;
    reg [ENTRY-1:0] list [0:PLACES-1];
    reg [ENTRY-1:0] entry, carried;
    wire              same_hash = entry[ENTRY-1:TOLD+KEPT] == {1'b1, hash};
    wire              last_place = place == LAST_PLACE[SLOT-1:0];
    wire              shifts    = state == TAKE && place != 0;
    always @(posedge clk) begin
        if (state == LOOK) entry <= list[place];
        if (state == EMPTY) list[place] <= {1'b0, {HASH{1'b0}}, told, base};
        else if (shifts) list[place] <= carried;
        else if (state == KEEP) list[0] <= {1'b1, hash, told, base};
    end

    // The vector that came, those that are kept, and their answers.
    reg [IN_WIDTH-1:0]  vector [0:IN_BEATS-1];
    reg [IN_WIDTH-1:0]  kept [0:PLACES*IN_BEATS-1];
    reg [OUT_WIDTH-1:0] answers [0:PLACES*OUT_BEATS-1];
    reg [IN_WIDTH-1:0]  came, other;
    reg [OUT_WIDTH-1:0] answer;
    reg  loaded = 0, recalled = 0;  // `came` waits for the core, or to be compared; `answer` waits to go out
    wire fills    = in_valid && in_ready;
    wire moves    = to_valid && to_ready;
    wire runs     = from_valid && from_ready;
    wire all_read = beat == ALL_BEATS[BEAT-1:0];
    wire reads    = !all_read && (state == COMPARE || (state == RUN && (!loaded || to_ready)));
    wire all_sent = sent == ALL_SENT[SENT-1:0];
    wire recalls  = state == RECALL && !all_sent && (!recalled || out_ready);
    wire differs  = state == COMPARE && loaded && came != other;
    wire [31:0] read_at  = {{32 - KEPT{1'b0}}, base} + {{32 - BEAT{1'b0}}, beat};
    wire [31:0] write_at = {{32 - KEPT{1'b0}}, base} + {{32 - BEAT{1'b0}}, moved};
    wire [31:0] told_at  = {{32 - TOLD{1'b0}}, told} + {{32 - SENT{1'b0}}, sent};
    always @(posedge clk) begin
        if (fills) vector[beat[PICK-1:0]] <= in_data;
        if (reads) begin
            came  <= vector[beat[PICK-1:0]];
            other <= kept[read_at[KEPT-1:0]];
        end
        if (moves) kept[write_at[KEPT-1:0]] <= came;
        if (runs) answers[told_at[TOLD-1:0]] <= from_data;
        if (recalls) answer <= answers[told_at[TOLD-1:0]];
    end

    function [HASH-1:0] mixed(input [HASH-1:0] old, input [IN_WIDTH-1:0] data);
        integer i;
        begin
            mixed = {old[HASH-6:0], old[HASH-1:HASH-5]};
            for (i = 0; i < IN_WIDTH; i = i + 1) mixed[i % HASH] = mixed[i % HASH] ^ data[i];
        end
    endfunction

    assign in_ready   = state == FILL;
    assign to_data    = came;
    assign to_valid   = state == RUN && loaded;
    assign from_ready = state == RUN && !all_sent && out_ready;
    assign out_data   = state == RECALL ? answer : from_data;
    assign out_valid  = state == RECALL ? recalled : state == RUN && !all_sent && from_valid;

    always @(posedge clk) begin
        if (fills) hash <= mixed(hash, in_data);
        if (fills || reads) beat <= beat + 1'b1;
        if (moves) moved <= moved + 1'b1;
        if (runs || recalls) sent <= sent + 1'b1;
        loaded   <= reads || (loaded && state == RUN && !to_ready);
        recalled <= recalls || (recalled && !out_ready);
        case (state)
            FILL: begin
                {place, base, told} <= 0;
                if (fills && beat == LAST_BEAT[BEAT-1:0]) begin
                    beat  <= 0;
                    state <= stale ? EMPTY : LOOK;
                end
            end
            EMPTY: begin
                stale <= 0;
                base  <= base + ALL_BEATS[KEPT-1:0];
                told  <= told + ALL_SENT[TOLD-1:0];
                place <= last_place ? {SLOT{1'b0}} : place + 1'b1;
                if (last_place) state <= LOOK;
            end
            LOOK: state <= TAKE;
            TAKE: begin
                carried <= entry;
                {told, base} <= entry[TOLD+KEPT-1:0];
                final_place <= last_place;
                place   <= place + 1'b1;
                state   <= same_hash ? COMPARE : last_place ? RUN : LOOK;
            end
            COMPARE:
                if (differs) begin
                    beat   <= 0;
                    loaded <= 0;
                    state  <= final_place ? RUN : LOOK;
                end else if (all_read) begin
                    beat  <= 0;
                    state <= RECALL;
                end
            RECALL: if (all_sent && (!recalled || out_ready)) state <= KEEP;
            RUN: if (all_read && moved == ALL_BEATS[BEAT-1:0] && all_sent) state <= KEEP;
            default: begin  // KEEP
                {beat, moved, sent, hash} <= 0;
                state <= FILL;
            end
        endcase
        if (forget) stale <= 1;
        if (rst) begin
            {beat, moved, sent, hash, loaded, recalled} <= 0;
            stale <= 1;
            state <= FILL;
        end
    end
endmodule
`default_nettype wire
