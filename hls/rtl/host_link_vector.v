// Collects the bytes of one vector into beats of IN_WIDTH bits and keeps them for an inference.
//
// A byte is taken apart bit by bit in eight cycles, far less than a byte of UART needs, so that any IN_WIDTH costs no
// more than a shift register. Bits past the last beat are padding and are dropped. A long vector comes in PARTS of
// PART_BEATS beats, and then the rest: each begins behind those that are `held`. What came damaged or out of turn is not
// counted as held, and is written over. The first part after an inference begins a new vector. What has been used is
// `playable`, again and again, until something is written.
`default_nettype none
module host_link_vector #(
    parameter IN_WIDTH   = 8,
    parameter IN_BEATS   = 40,
    parameter PARTS      = 0,  // before the rest; 0: a vector comes whole
    parameter PART_BEATS = 1,
    parameter BEAT       = IN_BEATS > 1 ? $clog2(IN_BEATS) : 1  // derived: width of a beat's number
) (
    input  wire                clk,
    input  wire                rst,
    input  wire                clear,        // a new frame begins
    input  wire [7:0]          byte_data,
    input  wire                byte_valid,   // only while not `busy`
    output wire                busy,
    output wire                serial_bit,   // the bits of the bytes in order
    input  wire                kept,         // the bytes are a vector's
    input  wire                part_begins,  // the header of a part is in
    input  wire                part_came,    // a part came undamaged; its number is the last two bytes
    input  wire                used,         // one cycle: the vector goes to the core
    output wire [15:0]         held,
    output wire                incomplete,   // parts are missing
    output reg                 playable,     // the vector of the last inference is held
    input  wire                read,
    input  wire [BEAT-1:0]     address,
    output wire [IN_WIDTH-1:0] data          // the beat at `address`, a cycle after `read`
);
    localparam FILL       = IN_WIDTH > 1 ? $clog2(IN_WIDTH) : 1;
    localparam LAST_BIT   = IN_WIDTH - 1;
    localparam LAST_BEAT  = IN_BEATS - 1;

    reg [7:0] shift = 0;
    reg [3:0] left = 0;  // bits of the byte still to be taken
    reg [IN_WIDTH-1:0] word = 0;
    reg [FILL-1:0] filled = 0;
    reg [BEAT-1:0] write_at = 0;
    reg complete = 0;
    initial playable = 0;
    wire accept   = busy && kept && !complete;
    wire finished = accept && filled == LAST_BIT[FILL-1:0];
    wire [IN_WIDTH-1:0] top_bit = {{IN_WIDTH - 1{1'b0}}, shift[0]} << LAST_BIT;
    wire [IN_WIDTH-1:0] grown   = top_bit | (word >> 1);
    wire            renewed;
    wire [BEAT-1:0] first_beat;  // of what comes next
    assign busy       = left != 0;
    assign serial_bit = shift[0];

    always @(posedge clk) begin
        if (byte_valid) begin
            shift <= byte_data;
            left  <= 8;
        end else if (busy) begin
            shift <= shift >> 1;
            left  <= left - 1'b1;
        end
        if (accept) begin
            word   <= grown;
            filled <= finished ? {FILL{1'b0}} : filled + 1'b1;
        end
        if (finished) begin
            write_at <= write_at + 1'b1;
            complete <= write_at == LAST_BEAT[BEAT-1:0];
        end
        if (used) playable <= 1;
        if (accept || rst) playable <= 0;
        if (clear || renewed) begin
            filled   <= 0;
            write_at <= renewed ? {BEAT{1'b0}} : first_beat;
            complete <= 0;
        end
    end

    generate
        if (PARTS == 0) begin : whole
            assign {held, incomplete, renewed} = 0;
            assign first_beat = 0;
            wire unused = &{1'b0, part_begins, part_came};
        end else begin : parts
            localparam NUMBER = $clog2(PARTS + 1);
            reg [NUMBER-1:0] count = 0;
            reg [BEAT-1:0]   at = 0;
            reg              done = 0;  // the vector has been used
            reg [15:0]       number = 0;
            wire [15:0] wide = {{16 - NUMBER{1'b0}}, count};
            wire next  = part_came && number == wide && incomplete;
            // A first part that is not the next one: the host began anew, and sends it once more.
            wire empty = part_came && number == 0 && count != 0;
            assign renewed    = part_begins && done;
            assign held       = wide;
            assign incomplete = count != PARTS[NUMBER-1:0];
            assign first_beat = at;
            always @(posedge clk) begin
                if (busy) number <= {shift[0], number[15:1]};
                if (next) begin
                    count <= count + 1'b1;
                    at    <= at + PART_BEATS[BEAT-1:0];
                end
                if (used) done <= 1;
                if (rst || renewed || empty) begin
                    count <= 0;
                    at    <= 0;
                    done  <= 0;
                end
            end
        end
    endgenerate

    generate
        if (IN_BEATS == 1) begin : register
            assign data = word;
            wire unused = &{1'b0, read, address};
        end else begin : memory
            reg [IN_WIDTH-1:0] beats [0:IN_BEATS-1];
            reg [IN_WIDTH-1:0] beat;
            always @(posedge clk) begin
                if (finished) beats[write_at] <= grown;
                if (read) beat <= beats[address];
            end
            assign data = beat;
        end
    endgenerate
endmodule
`default_nettype wire
