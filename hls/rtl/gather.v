// Holds blocks of beats and reads each in an order of its own: channels selected, rows repeated, axes exchanged.
//
// Parameters: LANES elements of IN_BITS a beat, of which the lowest OUT_BITS are read; blocks of BEATS. A block is read
//   in LOOPS nested loops, the innermost first: loop l runs SIZES[l*24 +: 24] times, and JUMPS[l*24 +: 24] is added to
//   the address (modulo 2**$clog2(BEATS)) when it goes on and all inner ones have ended. With TABLE_FILE the addresses
//   are its words instead, as many as the sole loop's size. RAM_STYLE and ROM_STYLE: the attributes of both memories.
// Timing: two blocks are held; one is read as soon as it is whole, a beat a clock, while the next is written, a beat a
//   clock. Latency 3.
module gather #(
    parameter LANES = 1,
    parameter IN_BITS = 8,
    parameter OUT_BITS = 8,
    parameter BEATS = 4,
    parameter LOOPS = 1,
    parameter [LOOPS*24-1:0] SIZES = 4,
    parameter [LOOPS*24-1:0] JUMPS = 1,
    parameter TABLE_FILE = "",
    parameter RAM_STYLE = "auto",
    parameter ROM_STYLE = "auto"
) (
    input clk,
    input rst,
    input [LANES*IN_BITS-1:0] in_data,
    input in_valid,
    output in_ready,
    output reg [LANES*OUT_BITS-1:0] out_data,
    output out_push,
    output out_reserve,
    input out_room
);
    localparam ADDRESS_BITS = BEATS > 1 ? $clog2(BEATS) : 1;
    localparam [ADDRESS_BITS-1:0] LAST = BEATS - 1;

    reg [1:0] whole;  // blocks that are whole and not yet read
    wire take = in_valid && in_ready;
    wire issue = whole != 0 && out_room;
    assign in_ready = !whole[1];
    assign out_reserve = issue;

    reg [ADDRESS_BITS-1:0] write_at;
    reg write_half, read_half;
    wire written = take && write_at == LAST;
    wire read;  // the last of a block is
    always @(posedge clk) begin
        if (take)
            write_at <= written ? {ADDRESS_BITS{1'b0}} : write_at + 1'b1;
        if (written)
            write_half <= !write_half;
        if (read)
            read_half <= !read_half;
        if (written != read)
            whole <= written ? whole + 1'b1 : whole - 1'b1;
        if (rst) begin
            write_at <= 0;
            write_half <= 1'b0;
            read_half <= 1'b0;
            whole <= 0;
        end
    end

    // A loop that is in its last round says so by a register.
    wire [LOOPS-1:0] ended;
    wire [LOOPS:0] inner_ended;
    assign inner_ended[0] = 1'b1;
    assign read = issue && inner_ended[LOOPS];
    genvar l;
    generate
        for (l = 0; l < LOOPS; l = l + 1) begin : loop
            localparam [23:0] SIZE = SIZES[l*24 +: 24];
            localparam BITS = SIZE > 1 ? $clog2(SIZE) : 1;
            localparam [BITS-1:0] BEFORE_LAST = SIZE - 2;
            assign inner_ended[l+1] = inner_ended[l] && ended[l];
            reg [BITS-1:0] count;
            reg last;
            assign ended[l] = last;
            always @(posedge clk)
                if (rst || (issue && inner_ended[l+1])) begin
                    count <= 0;
                    last <= SIZE == 1;
                end else if (issue && inner_ended[l]) begin
                    count <= count + 1'b1;
                    last <= count == BEFORE_LAST;
                end
        end
    endgenerate

    wire [ADDRESS_BITS-1:0] offset;
    generate
        if (TABLE_FILE != "") begin : table_
            localparam [23:0] SIZE = SIZES;
            localparam WORD_BITS = SIZE > 1 ? $clog2(SIZE) : 1;
            localparam [WORD_BITS-1:0] LAST_WORD = SIZE - 1;
            (* rom_style = ROM_STYLE *)
            reg [ADDRESS_BITS-1:0] rom [0:SIZE-1];
            initial $readmemh(TABLE_FILE, rom);
            // Word k+1 is read while word k is in use; the first one before a block can be whole.
            reg [WORD_BITS-1:0] word;
            reg [ADDRESS_BITS-1:0] current;
            reg primed;
            assign offset = current;
            always @(posedge clk) begin
                if (issue || !primed) begin
                    current <= rom[word];
                    word <= word == LAST_WORD ? {WORD_BITS{1'b0}} : word + 1'b1;
                end
                if (rst)
                    word <= 0;
                primed <= !rst;
            end
        end else begin : walk
            reg [ADDRESS_BITS-1:0] current, jump;
            assign offset = current;
            integer i;
            always @* begin
                jump = 0;
                for (i = 0; i < LOOPS; i = i + 1)
                    if (inner_ended[i] && !ended[i])
                        jump = jump | JUMPS[i*24 +: ADDRESS_BITS];
            end
            always @(posedge clk)
                if (rst || read)
                    current <= 0;
                else if (issue)
                    current <= current + jump;
        end
    endgenerate

    reg [ADDRESS_BITS:0] read_at;
    reg [2:0] pushes;
    assign out_push = pushes[2];
    always @(posedge clk) begin
        read_at <= {read_half, offset};
        pushes <= rst ? 3'b0 : {pushes[1:0], issue};
    end

    // A beat is never read and written at once, so no tool need guard it.
    (* ram_style = RAM_STYLE *) (* no_rw_check *)
    reg [LANES*IN_BITS-1:0] memory [0:(2<<ADDRESS_BITS)-1];
    reg [LANES*IN_BITS-1:0] fetched;
    always @(posedge clk) begin
        if (take)
            memory[{write_half, write_at}] <= in_data;
        fetched <= memory[read_at];
    end
    genvar p;
    generate
        for (p = 0; p < LANES; p = p + 1) begin : lane
            always @(posedge clk)
                out_data[p*OUT_BITS +: OUT_BITS] <= fetched[p*IN_BITS +: IN_BITS];
        end
    endgenerate
endmodule
