// Windows of a tensor: each position's taps, read from a ring of the words that later positions still need.
//
// Parameters: a word is one beat of LANES elements. The tensor has ROWS x COLUMNS positions of GROUPS x BEATS words, and
//   is padded by BEFORE_* and AFTER_* positions of FILL on their sides. IN_BITS of an input's code, OUT_BITS of an
//   output's: FACTOR * code + OFFSET. For each position of the kernel, KERNEL_* taps STRIDE_* apart and DILATION_* within,
//   words leave in the order: for each group, REPEATS times, for each tap, BEATS words.
//   DEPTH words (a power of two) lie in a memory of RAM_STYLE, of which CAPACITY are used; where ONE_PORT, in one that is
//   written or read in a clock, writing first.
// Timing: padding and input are written a word a clock while there is space. An operation reads a word that was written
//   in a clock before; it is pushed 2 clocks later. The last operation of a position frees the words that lie before the
//   next position's first.
module window #(
    parameter LANES = 1,
    parameter IN_BITS = 8,
    parameter OUT_BITS = 8,
    parameter FACTOR = 1,
    parameter OFFSET = 0,
    parameter FILL = 0,
    parameter ROWS = 1,
    parameter COLUMNS = 1,
    parameter BEFORE_Y = 0,
    parameter BEFORE_X = 0,
    parameter AFTER_Y = 0,
    parameter AFTER_X = 0,
    parameter KERNEL_Y = 1,
    parameter KERNEL_X = 1,
    parameter STRIDE_Y = 1,
    parameter STRIDE_X = 1,
    parameter DILATION_Y = 1,
    parameter DILATION_X = 1,
    parameter GROUPS = 1,
    parameter BEATS = 1,
    parameter REPEATS = 1,
    parameter DEPTH = 2,
    parameter CAPACITY = 2,
    parameter ONE_PORT = 0,
    parameter RAM_STYLE = "auto"
) (
    input clk,
    input rst,
    input [LANES*IN_BITS-1:0] in_data,
    input in_valid,
    output in_ready,
    input out_room,
    output out_reserve,
    output out_push,
    output [LANES*OUT_BITS-1:0] out_data
);
    // All in words, of the padded tensor.
    localparam POSITION = GROUPS * BEATS;
    localparam ROW = (BEFORE_X + COLUMNS + AFTER_X) * POSITION;
    localparam WORDS = (BEFORE_Y + ROWS + AFTER_Y) * ROW;
    localparam TAP_X = DILATION_X * POSITION;
    localparam TAP_Y = DILATION_Y * ROW;
    localparam OUT_ROWS = (BEFORE_Y + ROWS + AFTER_Y - (KERNEL_Y - 1) * DILATION_Y - 1) / STRIDE_Y + 1;
    localparam OUT_COLUMNS = (BEFORE_X + COLUMNS + AFTER_X - (KERNEL_X - 1) * DILATION_X - 1) / STRIDE_X + 1;
    // From the first word of one position to that of the next.
    localparam NEXT_X = STRIDE_X * POSITION;
    localparam NEXT_Y = STRIDE_Y * ROW - (OUT_COLUMNS - 1) * NEXT_X;
    localparam NEXT_TENSOR = WORDS - (OUT_ROWS - 1) * STRIDE_Y * ROW - (OUT_COLUMNS - 1) * NEXT_X;
    // From the first word of a group's window to its last, and from that of the position's first group.
    localparam REACH = (KERNEL_Y - 1) * TAP_Y + (KERNEL_X - 1) * TAP_X + BEATS - 1;
    localparam WHOLE_REACH = REACH + POSITION - BEATS;

    localparam NEXT_MOST_X = NEXT_X > NEXT_Y ? NEXT_X : NEXT_Y;
    localparam NEXT_MOST = NEXT_MOST_X > NEXT_TENSOR ? NEXT_MOST_X : NEXT_TENSOR;
    localparam SPAN = WHOLE_REACH + NEXT_MOST + CAPACITY;
    localparam COUNT_BITS = $clog2(SPAN + 1) + 1;
    localparam ADDRESS_BITS = $clog2(DEPTH);

    // Words that could still be written, less one; and words written that the next operation does not wait for. The
    // top bit is the sign.
    reg [COUNT_BITS-1:0] spare, ahead;
    wire room = !spare[COUNT_BITS-1];

    // Writer: the padded tensor in raster order.
    wire padding;
    wire write = room && (padding || in_valid);
    wire issue = !ahead[COUNT_BITS-1] && out_room && !(ONE_PORT && write);
    assign in_ready = room && !padding;
    padding_walk #(
        .BEFORE_Y(BEFORE_Y), .ROWS(ROWS), .AFTER_Y(AFTER_Y),
        .BEFORE_X(BEFORE_X * POSITION), .COLUMNS(COLUMNS * POSITION), .AFTER_X(AFTER_X * POSITION)
    ) walk (.clk(clk), .rst(rst), .step(write), .padding(padding));

    wire [LANES*OUT_BITS-1:0] word;
    genvar lane;
    generate
        for (lane = 0; lane < LANES; lane = lane + 1) begin : element
            wire [IN_BITS-1:0] code = in_data[lane*IN_BITS +: IN_BITS];
            wire [OUT_BITS-1:0] recoded = code * FACTOR + OFFSET;
            localparam [OUT_BITS-1:0] FILL_CODE = FILL;
            assign word[lane*OUT_BITS +: OUT_BITS] = padding ? FILL_CODE : recoded;
        end
    endgenerate

    // A word is never read and written at once, so no tool need guard it.
    (* ram_style = RAM_STYLE *) (* no_rw_check *)
    reg [LANES*OUT_BITS-1:0] memory [0:DEPTH-1];
    reg [ADDRESS_BITS-1:0] write_at, read_at;
    reg [LANES*OUT_BITS-1:0] fetched, sent;
    reg [1:0] push;
    generate
        if (ONE_PORT) begin : one_port
            wire [ADDRESS_BITS-1:0] at = write ? write_at : read_at;
            always @(posedge clk)
                if (write)
                    memory[at] <= word;
                else
                    fetched <= memory[at];
        end else begin : two_ports
            always @(posedge clk) begin
                if (write)
                    memory[write_at] <= word;
                fetched <= memory[read_at];
            end
        end
    endgenerate
    always @(posedge clk) begin
        sent <= fetched;
        push <= rst ? 2'b00 : {push[0], issue};
    end
    assign out_reserve = issue;
    assign out_push = push[1];
    assign out_data = sent;

    // Reader: each loop turns when all within it end.
    wire last_beat, last_x, last_y, last_repeat, last_group, last_column, last_row;
    wire tap = issue && last_beat;
    wire row_of_taps = tap && last_x;
    wire taps = row_of_taps && last_y;
    wire repeats = taps && last_repeat;
    wire position = repeats && last_group;
    wire row = position && last_column;
    loop_end #(.SIZE(BEATS)) beat_loop (.clk(clk), .rst(rst), .step(issue), .round(), .last(last_beat));
    loop_end #(.SIZE(KERNEL_X)) x_loop (.clk(clk), .rst(rst), .step(tap), .round(), .last(last_x));
    loop_end #(.SIZE(KERNEL_Y)) y_loop (.clk(clk), .rst(rst), .step(row_of_taps), .round(), .last(last_y));
    loop_end #(.SIZE(REPEATS)) repeat_loop (.clk(clk), .rst(rst), .step(taps), .round(), .last(last_repeat));
    loop_end #(.SIZE(GROUPS)) group_loop (.clk(clk), .rst(rst), .step(repeats), .round(), .last(last_group));
    loop_end #(.SIZE(OUT_COLUMNS)) column_loop (.clk(clk), .rst(rst), .step(position), .round(), .last(last_column));
    loop_end #(.SIZE(OUT_ROWS)) row_loop (.clk(clk), .rst(rst), .step(row), .round(), .last(last_row));

    // How far the next operation reads from this one, and how many words this one frees: each less one, so that one
    // adder each does, with a carry.
    reg signed [COUNT_BITS-1:0] move, freed;
    always @* begin
        freed = (!last_column ? NEXT_X : !last_row ? NEXT_Y : NEXT_TENSOR) - 1;
        if (!last_beat)
            move = 0;
        else if (!last_x)
            move = TAP_X - BEATS;
        else if (!last_y)
            move = TAP_Y - (KERNEL_X - 1) * TAP_X - BEATS;
        else if (!last_repeat)
            move = -REACH - 1;
        else if (!last_group)
            move = BEATS - REACH - 1;
        else if (!last_column)
            move = NEXT_X - WHOLE_REACH - 1;
        else if (!last_row)
            move = NEXT_Y - WHOLE_REACH - 1;
        else
            move = NEXT_TENSOR - WHOLE_REACH - 1;
    end
    wire [COUNT_BITS-1:0] ahead_by = issue ? ~move : {COUNT_BITS{1'b0}};
    wire [COUNT_BITS-1:0] spare_by = position ? freed : {COUNT_BITS{1'b1}};
    wire [COUNT_BITS:0] next_ahead = {ahead, write} + {ahead_by, 1'b1};
    wire [COUNT_BITS:0] next_spare = {spare, !write} + {spare_by, 1'b1};
    wire [ADDRESS_BITS:0] next_read = {read_at, 1'b1} + {move[ADDRESS_BITS-1:0], 1'b1};
    always @(posedge clk) begin
        if (write)
            write_at <= write_at + 1'b1;
        if (issue)
            read_at <= next_read[ADDRESS_BITS:1];
        ahead <= next_ahead[COUNT_BITS:1];
        spare <= next_spare[COUNT_BITS:1];
        if (rst) begin
            write_at <= 0;
            read_at <= 0;
            ahead <= {COUNT_BITS{1'b1}};
            spare <= CAPACITY - 1;
        end
    end
endmodule
