// Registers of the AXI host link: what the chip is, commands, status and results (docs/axi.md).
//
// The constants between the two marks are printed by `python -m toolchain.device.link.registers verilog`.
`default_nettype none
module axi_registers #(
    parameter        CLOCK_HZ      = 100000000,
    parameter        VECTOR_BYTES  = 40,
    parameter        BURST_BYTES   = 40,
    parameter        DATA_BITS     = 32,
    parameter        CLASSES       = 5,  // 0: an answer is a vector
    parameter [95:0] INPUT         = 0,  // type and shape
    parameter [95:0] OUTPUT        = 0,
    parameter        ANSWER_WORDS  = 1,
    parameter        BENCH_VECTORS = 16,
`ifdef SETTINGS
    parameter        SETTINGS      = 1,  // of the core
`endif
    parameter        STREAMED      = 0,  // there are no windows, and INFER is refused
    parameter [63:0] MODEL_HASH    = 0,  // first byte in the top bits, as it reads in hexadecimal
    parameter [63:0] BUILD_ID      = 0
) (
    input  wire                  clk,
    input  wire                  rst,
    input  wire                  clear,         // `aresetn`: the host's settings too
    // Local bus of axi_lite.
    input  wire                  write,
    input  wire [15:0]           write_address,
    input  wire [31:0]           write_data,
    input  wire [3:0]            write_strobe,
    output wire                  write_known,
    input  wire                  write_failed,
    input  wire                  read,
    input  wire [15:0]           read_address,
    output wire                  read_known,
    output wire [31:0]           read_data,
    input  wire                  read_failed,
    // Windows: what is read comes a cycle later, but for an answer of one word.
    output wire                  window_write,
    output wire                  window_read,
    input  wire [31:0]           window_data,
    output wire                  answer_read,
    input  wire [31:0]           answer_data,
    input  wire [31:0]           answer_word,
    // Commands, one cycle each.
    input  wire                  idle,
    output wire                  infer,
    output wire                  bench,
    output wire                  restart,
    output reg  [31:0]           bench_count,
`ifdef SETTINGS
    // Settings of the core, written while no vector is in it.
    output wire                  setting_write,
    output wire [7:0]            setting_number,
    output wire [31:0]           setting_value,
    output wire [7:0]            setting_asked,  // the number of the one that is `held`
    input  wire [31:0]           setting_held,
`endif
    // Events, one cycle each, and results.
    input  wire                  burst,
    input  wire                  damaged,
    input  wire [47:0]           cycles,
    input  wire [31:0]           checksum,
    input  wire [31:0]           inferences
);
    // Registers begin.
    localparam [15:0] A_MAGIC = 16'h0000;
    localparam [15:0] A_VERSION = 16'h0004;
    localparam [15:0] A_MODEL_HASH_LOW = 16'h0008;
    localparam [15:0] A_MODEL_HASH_HIGH = 16'h000c;
    localparam [15:0] A_BUILD_ID_LOW = 16'h0010;
    localparam [15:0] A_BUILD_ID_HIGH = 16'h0014;
    localparam [15:0] A_VECTOR_BYTES = 16'h0018;
    localparam [15:0] A_BURST_BYTES = 16'h001c;
    localparam [15:0] A_CLASSES = 16'h0020;
    localparam [15:0] A_CLOCK_HZ = 16'h0024;
    localparam [15:0] A_BENCH_VECTORS = 16'h0028;
    localparam [15:0] A_STREAM_BITS = 16'h002c;
    localparam [15:0] A_COMMAND = 16'h0040;
    localparam [15:0] A_STATUS = 16'h0044;
    localparam [15:0] A_BENCH_COUNT = 16'h0048;
    localparam [15:0] A_CYCLES_LOW = 16'h0050;
    localparam [15:0] A_CYCLES_HIGH = 16'h0054;
    localparam [15:0] A_CHECKSUM = 16'h0058;
    localparam [15:0] A_INFERENCES = 16'h0080;
    localparam [15:0] A_REQUESTS = 16'h0084;
    localparam [15:0] A_DAMAGED = 16'h0088;
    localparam [15:0] A_REFUSED = 16'h008c;
    localparam [15:0] A_BUS_ERRORS = 16'h0090;
    localparam [15:0] A_INPUT_TYPE = 16'h00a0;
    localparam [15:0] A_INPUT_SIZE = 16'h00a4;
    localparam [15:0] A_INPUT_SIZES = 16'h00a8;
    localparam [15:0] A_OUTPUT_TYPE = 16'h00ac;
    localparam [15:0] A_OUTPUT_SIZE = 16'h00b0;
    localparam [15:0] A_OUTPUT_SIZES = 16'h00b4;
    localparam [15:0] A_ANSWER = 16'h4000;
    localparam [15:0] A_VECTOR = 16'h8000;
    localparam [31:0] MAGIC = 32'h58415747;
    localparam [31:0] MAP_VERSION = 32'h00000002;
    localparam [7:0] INFER = 8'h02;
    localparam [7:0] BENCH = 8'h03;
    localparam [7:0] RESET = 8'h80;
    localparam [7:0] BURST = 8'h10;
    // Registers end.
`ifdef SETTINGS
    localparam [15:0] A_SETTING = 16'h0400;
`endif
    localparam WINDOW_WORDS = STREAMED ? 0 : BURST_BYTES / 4;
    localparam HELD_WORDS   = STREAMED ? 0 : ANSWER_WORDS;

    function [31:0] first_byte_low(input [31:0] value);
        first_byte_low = {value[7:0], value[15:8], value[23:16], value[31:24]};
    endfunction

    reg        refused = 0, incomplete = 0;
    reg [7:0]  run = 0;
    reg [31:0] requests = 0, damages = 0, refusals = 0, bus_errors = 0;
    initial bench_count = 0;

    // Writes. Unaligned addresses mean the word that they lie in.
    wire [15:0] write_word     = {write_address[15:2], 2'b00};
    wire        write_windowed = write_address >= A_VECTOR && write_address[14:2] < WINDOW_WORDS;
    wire        write_count    = write && write_word == A_BENCH_COUNT;
    wire        command        = write && write_word == A_COMMAND && write_strobe[0];
    wire [7:0]  code           = write_data[7:0];
`ifdef SETTINGS
    wire        write_setting = write_address[15:10] == A_SETTING[15:10] && write_address[9:2] < SETTINGS;
    assign setting_write  = write && write_setting && idle && &write_strobe;
    assign setting_number = write_address[9:2];
    assign setting_value  = write_data;
    assign write_known    = write_windowed || write_word == A_COMMAND || write_word == A_BENCH_COUNT || write_setting;
`else
    assign write_known  = write_windowed || write_word == A_COMMAND || write_word == A_BENCH_COUNT;
`endif
    assign window_write = write && write_windowed;
    assign infer        = command && idle && code == INFER && !STREAMED;
    assign bench        = command && idle && code == BENCH;
    assign restart      = command && code == RESET;
    wire obeyed = infer || bench || restart;
`ifdef SETTINGS
    wire refuse = (command && !obeyed) || (write && write_setting && !setting_write);
`else
    wire refuse = command && !obeyed;
`endif

    // Reads: chosen while `read`, and from the register after it a cycle later.
    wire        read_windowed = read_address >= A_VECTOR && read_address[14:2] < WINDOW_WORDS;
    wire        read_answer   = read_address[15:14] == A_ANSWER[15:14] && read_address[13:2] < HELD_WORDS;
    wire        read_register = read_address[15:8] == 0;
    wire [5:0]  read_index    = read_address[7:2];
`ifdef SETTINGS
    wire        read_setting  = read_address[15:10] == A_SETTING[15:10] && read_address[9:2] < SETTINGS;
    assign setting_asked = read_address[9:2];
`endif
    reg  [31:0] constant, live, word;
    reg         known, found, windowed, answered;
    assign window_read = read && read_windowed;
    assign answer_read = read && read_answer;
    assign read_known  = found || windowed || answered;
    assign read_data   = windowed ? window_data : answered && ANSWER_WORDS > 1 ? answer_data : word;

    // Apart from what lives, all constants are one function of six address bits for each bit. Where nothing is known,
    // what is read does not matter.
    always @* begin
        {known, constant, live} = {1'b1, 64'd0};
        case (read_index)
            A_MAGIC[7:2]: constant = MAGIC;
            A_VERSION[7:2]: constant = MAP_VERSION;
            A_MODEL_HASH_LOW[7:2]: constant = first_byte_low(MODEL_HASH[63:32]);
            A_MODEL_HASH_HIGH[7:2]: constant = first_byte_low(MODEL_HASH[31:0]);
            A_BUILD_ID_LOW[7:2]: constant = first_byte_low(BUILD_ID[63:32]);
            A_BUILD_ID_HIGH[7:2]: constant = first_byte_low(BUILD_ID[31:0]);
            A_VECTOR_BYTES[7:2]: constant = VECTOR_BYTES;
            A_BURST_BYTES[7:2]: constant = BURST_BYTES;
            A_CLASSES[7:2]: constant = CLASSES;
            A_CLOCK_HZ[7:2]: constant = CLOCK_HZ;
            A_BENCH_VECTORS[7:2]: constant = BENCH_VECTORS;
            A_STREAM_BITS[7:2]: constant = DATA_BITS;
            A_INPUT_TYPE[7:2]: constant = INPUT[31:0];
            A_INPUT_SIZE[7:2]: constant = INPUT[63:32];
            A_INPUT_SIZES[7:2]: constant = INPUT[95:64];
            A_OUTPUT_TYPE[7:2]: constant = OUTPUT[31:0];
            A_OUTPUT_SIZE[7:2]: constant = OUTPUT[63:32];
            A_OUTPUT_SIZES[7:2]: constant = OUTPUT[95:64];
            A_COMMAND[7:2]: constant = 0;
            A_STATUS[7:2]: live = {16'd0, run, 5'd0, incomplete, refused, !idle};
            A_BENCH_COUNT[7:2]: live = bench_count;
            A_CYCLES_LOW[7:2]: live = cycles[31:0];
            A_CYCLES_HIGH[7:2]: live = {16'd0, cycles[47:32]};
            A_CHECKSUM[7:2]: live = checksum;
            A_INFERENCES[7:2]: live = inferences;
            A_REQUESTS[7:2]: live = requests;
            A_DAMAGED[7:2]: live = damages;
            A_REFUSED[7:2]: live = refusals;
            A_BUS_ERRORS[7:2]: live = bus_errors;
            default: known = 0;
        endcase
    end

    integer i;
    always @(posedge clk) begin
        if (read) begin
            word     <= read_register ? constant | live : answer_word;
            found    <= read_register && known;
            windowed <= read_windowed;
            answered <= read_answer;
        end
`ifdef SETTINGS
        if (read && read_setting) begin
            word  <= setting_held;
            found <= 1;
        end
`endif
        for (i = 0; i < 4; i = i + 1)
            if (write_count && write_strobe[i]) bench_count[8*i +: 8] <= write_data[8*i +: 8];
        if (refuse) refused <= 1;
        else if (obeyed) refused <= 0;
        if (infer || bench || burst) begin
            run        <= infer ? INFER : bench ? BENCH : BURST;
            incomplete <= 0;
        end else if (damaged) incomplete <= 1;
        if (rst) begin
            run        <= 0;
            incomplete <= 0;
        end
        if (clear) begin
            refused     <= 0;
            bench_count <= 0;
        end
    end

    // Counters: no reset clears them.
    always @(posedge clk) begin
        if (obeyed || burst) requests <= requests + 1'b1;
        if (damaged) damages <= damages + 1'b1;
        if (refuse) refusals <= refusals + 1'b1;
        bus_errors <= bus_errors + {1'b0, write_failed} + {1'b0, read_failed};
    end
endmodule
`default_nettype wire
