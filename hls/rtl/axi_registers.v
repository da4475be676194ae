// Registers of the AXI host link: what the chip is, commands, status and results (docs/axi.md).
//
// The constants between the two marks are printed by `python -m toolchain.device.link.registers verilog`.
`default_nettype none
module axi_registers #(
    parameter        CLOCK_HZ      = 100000000,
    parameter        VECTOR_BYTES  = 40,
    parameter        BURST_BYTES   = 40,
    parameter        DATA_BITS     = 32,
    parameter        CLASSES       = 5,
    parameter        CLASS_BITS    = 3,
    parameter        BENCH_VECTORS = 16,
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
    // Window.
    output wire                  window_write,
    output wire                  window_read,
    input  wire [31:0]           window_data,
    // Commands, one cycle each.
    input  wire                  idle,
    output wire                  infer,
    output wire                  bench,
    output wire                  restart,
    output reg  [31:0]           bench_count,
    // Events, one cycle each, and results.
    input  wire                  burst,
    input  wire                  damaged,
    input  wire [CLASS_BITS-1:0] label,
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
    localparam [15:0] A_LABEL = 16'h004c;
    localparam [15:0] A_CYCLES_LOW = 16'h0050;
    localparam [15:0] A_CYCLES_HIGH = 16'h0054;
    localparam [15:0] A_CHECKSUM = 16'h0058;
    localparam [15:0] A_INFERENCES = 16'h0080;
    localparam [15:0] A_REQUESTS = 16'h0084;
    localparam [15:0] A_DAMAGED = 16'h0088;
    localparam [15:0] A_REFUSED = 16'h008c;
    localparam [15:0] A_BUS_ERRORS = 16'h0090;
    localparam [15:0] A_VECTOR = 16'h8000;
    localparam [31:0] MAGIC = 32'h58415747;
    localparam [31:0] MAP_VERSION = 32'h00000001;
    localparam [7:0] INFER = 8'h02;
    localparam [7:0] BENCH = 8'h03;
    localparam [7:0] RESET = 8'h80;
    localparam [7:0] BURST = 8'h10;
    // Registers end.
    localparam WINDOW_WORDS = BURST_BYTES / 4;

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
    assign write_known  = write_windowed || write_word == A_COMMAND || write_word == A_BENCH_COUNT;
    assign window_write = write && write_windowed;
    assign infer        = command && idle && code == INFER;
    assign bench        = command && idle && code == BENCH;
    assign restart      = command && code == RESET;
    wire obeyed = infer || bench || restart;
    wire refuse = command && !obeyed;

    // Reads: chosen while `read`, and from the register after it a cycle later.
    wire [15:0] read_word     = {read_address[15:2], 2'b00};
    wire        read_windowed = read_address >= A_VECTOR && read_address[14:2] < WINDOW_WORDS;
    reg  [31:0] value, word;
    reg         known, found, windowed;
    assign window_read = read && read_windowed;
    assign read_known  = found || windowed;
    assign read_data   = windowed ? window_data : word;

    always @* begin
        known = 1;
        case (read_word)
            A_MAGIC: value = MAGIC;
            A_VERSION: value = MAP_VERSION;
            A_MODEL_HASH_LOW: value = first_byte_low(MODEL_HASH[63:32]);
            A_MODEL_HASH_HIGH: value = first_byte_low(MODEL_HASH[31:0]);
            A_BUILD_ID_LOW: value = first_byte_low(BUILD_ID[63:32]);
            A_BUILD_ID_HIGH: value = first_byte_low(BUILD_ID[31:0]);
            A_VECTOR_BYTES: value = VECTOR_BYTES;
            A_BURST_BYTES: value = BURST_BYTES;
            A_CLASSES: value = CLASSES;
            A_CLOCK_HZ: value = CLOCK_HZ;
            A_BENCH_VECTORS: value = BENCH_VECTORS;
            A_STREAM_BITS: value = DATA_BITS;
            A_COMMAND: value = 0;
            A_STATUS: value = {16'd0, run, 5'd0, incomplete, refused, !idle};
            A_BENCH_COUNT: value = bench_count;
            A_LABEL: value = {{32 - CLASS_BITS{1'b0}}, label};
            A_CYCLES_LOW: value = cycles[31:0];
            A_CYCLES_HIGH: value = {16'd0, cycles[47:32]};
            A_CHECKSUM: value = checksum;
            A_INFERENCES: value = inferences;
            A_REQUESTS: value = requests;
            A_DAMAGED: value = damages;
            A_REFUSED: value = refusals;
            A_BUS_ERRORS: value = bus_errors;
            default: begin
                value = 0;
                known = 0;
            end
        endcase
    end

    integer i;
    always @(posedge clk) begin
        if (read) begin
            word     <= value;
            found    <= known;
            windowed <= read_windowed;
        end
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
