// Finds frames in the byte stream, checks them, and holds each request until it has been answered.
//
// Frame: sync 47 57, command, sequence, length (2 bytes, low first), payload, CRC-32 of command to payload. A frame of
// a longer payload than MAX_PAYLOAD is given up at its header; any other one is judged only after its CRC. Payload
// bytes go out as they come (`payload_valid`), to be used only if the request then has STATUS_GOOD. LOAD, a part of a
// vector, is a command only where vectors come in parts (LOAD_BYTES is not 0). The streamed form has TAKE and PUSH in the
// places of INFER and LOAD.
`default_nettype none
module host_link_receiver #(
    parameter [7:0] INFER = 2, LOAD = 5,
    parameter INFER_BYTES = 40,  // payload of INFER: the vector, or the rest of it
    parameter LOAD_BYTES  = 0,   // payload of LOAD
    parameter BENCH_BYTES = 4,   // payload of BENCH
    parameter MAX_PAYLOAD = 63   // 2**n - 1, at least these
) (
    input  wire       clk,
    input  wire       rst,
    input  wire [7:0] byte_data,
    input  wire       byte_broken,
    input  wire       byte_valid,
    output wire       byte_take,
    input  wire       gap,
    output wire       crc_clear,
    output wire       crc_enable,
    input  wire       crc_good,
    output wire       payload_valid,
    input  wire       payload_busy,   // no payload byte can be taken
    input  wire       incomplete,     // parts of the vector are missing: INFER would have the wrong length
    input  wire       unplayable,     // BENCH has no vector to play
`ifdef SETTINGS
    input  wire       setting_known,  // the payload of SETTING is of a setting that may be asked for so
    output reg        setting_given,  // SETTING has a value
`endif
    output wire       load_begins,    // one cycle: the header of a LOAD is in
    output wire       request,        // high from the verdict on a frame until `answered`
    output reg  [7:0] command,
    output reg  [7:0] sequence_number,
    output reg  [1:0] status,
    input  wire       answered,
    output wire       count_good,     // one cycle each: a frame with a good CRC; with a bad one;
    output wire       count_crc_error,
    output wire       count_resync    // the first byte thrown away after a good frame
);
    localparam [7:0] SYNC_0 = 8'h47, SYNC_1 = 8'h57;
    localparam [7:0] IDENTIFY = 1, BENCH = 3, COUNTERS = 4;
`ifdef SETTINGS
    localparam [7:0] SETTING = 8;
`endif
    localparam BITS = $clog2(MAX_PAYLOAD + 1);
    localparam LEFT = BITS > 8 ? BITS : 8;
    localparam [1:0] STATUS_GOOD = 0, STATUS_CRC = 1, STATUS_COMMAND = 2, STATUS_LENGTH = 3;
    localparam [3:0] HUNT = 0, SYNC = 1, COMMAND = 2, SEQUENCE = 3, LENGTH_LOW = 4, LENGTH_HIGH = 5, PAYLOAD = 6,
                     CRC = 7, HEADER = 8, CHECK = 9, REQUEST = 10;

    reg [3:0] state = HUNT;
    reg [LEFT-1:0] left = 0;  // length of the payload, then bytes that remain of it, then of the CRC
    reg        too_long = 0, length_good = 0, lost = 0;
    initial {command, sequence_number, status} = 0;

    // A break in the stream ends the frame before it; the byte itself may begin the next.
    wire       waiting = !state[3];
    wire       begun   = waiting && state != HUNT;
    wire       take    = byte_valid && waiting && !payload_busy;
    wire [3:0] place   = byte_broken ? HUNT : state;
    wire       found   = byte_data == SYNC_0;
    assign byte_take = take;

    wire abandoned = begun && (gap || (take && byte_broken));
    wire skipped   = take && ((place == HUNT && !found) || (place == SYNC && byte_data != SYNC_1));
    wire discarded = abandoned || skipped || (state == HEADER && too_long);

    wire loads = LOAD_BYTES != 0 && command == LOAD;
    wire known_command = command == IDENTIFY || command == INFER || command == BENCH || command == COUNTERS || loads;
    // Of BENCH_BYTES cut to LEFT bits Yosys makes ten LUTs more: it finds another, equal form of the comparison.
    // verilator lint_off WIDTH
    wire [LEFT-1:0] expected = command == INFER ? INFER_BYTES[LEFT-1:0] : command == BENCH ? BENCH_BYTES :
                               loads ? LOAD_BYTES[LEFT-1:0] : 0;
    // verilator lint_on WIDTH
    wire [15:0] whole = {byte_data, left[7:0]};

    assign request         = state == REQUEST;
    assign load_begins     = state == HEADER && loads;
    assign payload_valid   = take && place == PAYLOAD;
    assign crc_clear       = take && place == SYNC;
    assign crc_enable      = take && place >= COMMAND;
    assign count_good      = state == CHECK && crc_good;
    assign count_crc_error = state == CHECK && !crc_good;
    assign count_resync    = discarded && !lost;

    always @(posedge clk) begin
        if (abandoned) state <= HUNT;
        if (take) begin
            case (place)
                HUNT: state <= found ? SYNC : HUNT;
                SYNC: state <= byte_data == SYNC_1 ? COMMAND : found ? SYNC : HUNT;
                COMMAND: begin
                    command <= byte_data;
                    state   <= SEQUENCE;
                end
                SEQUENCE: begin
                    sequence_number <= byte_data;
                    state           <= LENGTH_LOW;
                end
                LENGTH_LOW: begin
                    left[7:0] <= byte_data;
                    state     <= LENGTH_HIGH;
                end
                LENGTH_HIGH: begin
                    left     <= whole[LEFT-1:0];
                    too_long <= |(whole >> BITS);
                    state    <= HEADER;
                end
                default: begin  // PAYLOAD and CRC
                    left <= left - 1'b1;
                    if (left == 1) begin
                        if (place == PAYLOAD) left <= 4;
                        state <= place == PAYLOAD ? CRC : CHECK;
                    end
                end
            endcase
        end
        case (state)
            HEADER: begin
                length_good <= left == expected && !(incomplete && command == INFER)
                               && !(unplayable && command == BENCH);
`ifdef SETTINGS
                if (command == SETTING) length_good <= left == 1 || left == 5;
                setting_given <= left != 1;
`endif
                status      <= STATUS_LENGTH;
                state       <= too_long ? REQUEST : left == 0 ? CRC : PAYLOAD;
                if (left == 0) left <= 4;
            end
            CHECK: begin
                status <= !crc_good ? STATUS_CRC : !known_command ? STATUS_COMMAND :
                          !length_good ? STATUS_LENGTH : STATUS_GOOD;
`ifdef SETTINGS
                if (crc_good && command == SETTING)
                    status <= length_good && setting_known ? STATUS_GOOD : STATUS_LENGTH;
`endif
                state  <= REQUEST;
            end
            REQUEST: if (answered) state <= HUNT;
            default: ;
        endcase
        if (count_good) lost <= 0;
        else if (discarded) lost <= 1;
        if (rst) begin
            state <= HUNT;
            lost  <= 0;
        end
    end
endmodule
`default_nettype wire
