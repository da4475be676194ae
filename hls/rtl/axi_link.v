// Host link over AXI: registers for control, streams for bursts (docs/axi.md); the core's side is that of host_link.
//
// One run at a time: INFER copies the window's vector to the core's beats (LOAD), then runs it; BENCH hands the number
// of inferences to the feeder (COUNT), then runs the stored vectors; a burst goes from stream to core to stream, and
// lasts from its first word to the end of its last answer. `restart` asks for a reset of everything but registers and counters.
//
// The streamed form holds neither a vector nor an answer: it has no windows and no INFER, and BENCH plays PART_BEATS beats
// over and over in each vector.
`default_nettype none
module axi_link #(
    parameter        CLOCK_HZ      = 100000000,
    parameter        DATA_BITS     = 32,
    parameter        VECTOR_BYTES  = 40,
    parameter        IN_WIDTH      = 8,
    parameter        IN_BEATS      = 40,
    parameter        CLASSES       = 5,  // 0: an answer is a vector
    parameter        OUT_BITS      = 3,  // of an element of the answer
    parameter        OUT_ELEMENTS  = 1,  // of a beat
    parameter        OUT_BEATS     = 1,
    parameter        OUT_SIGNED    = 0,
    parameter [95:0] INPUT         = 0,  // type and shape, as registers tell them
    parameter [95:0] OUTPUT        = 0,
    parameter [63:0] MODEL_HASH    = 0,
    parameter [63:0] BUILD_ID      = 0,
    parameter        BENCH_VECTORS = 16,
    parameter        BENCH_FILE    = "",
`ifdef SETTINGS
    parameter        SETTINGS      = 1,  // of the core
`endif
    parameter        PART_BEATS    = 0,  // not 0: the streamed form
    parameter        BYTES         = DATA_BITS / 8,        // derived
    parameter        OUT_WIDTH     = OUT_BITS * OUT_ELEMENTS  // derived
) (
    input  wire                  clk,
    input  wire                  bus_rst,   // of the bus: `aresetn`
    input  wire                  rst,       // of the rest: `aresetn` and `restart`
    output wire                  restart,
    input  wire [15:0]           s_axi_awaddr,
    input  wire                  s_axi_awvalid,
    output wire                  s_axi_awready,
    input  wire [31:0]           s_axi_wdata,
    input  wire [3:0]            s_axi_wstrb,
    input  wire                  s_axi_wvalid,
    output wire                  s_axi_wready,
    output wire [1:0]            s_axi_bresp,
    output wire                  s_axi_bvalid,
    input  wire                  s_axi_bready,
    input  wire [15:0]           s_axi_araddr,
    input  wire                  s_axi_arvalid,
    output wire                  s_axi_arready,
    output wire [31:0]           s_axi_rdata,
    output wire [1:0]            s_axi_rresp,
    output wire                  s_axi_rvalid,
    input  wire                  s_axi_rready,
    input  wire [DATA_BITS-1:0]  s_axis_tdata,
    input  wire [BYTES-1:0]      s_axis_tkeep,
    input  wire                  s_axis_tlast,
    input  wire                  s_axis_tvalid,
    output wire                  s_axis_tready,
    output wire [31:0]           m_axis_tdata,
    output wire [3:0]            m_axis_tkeep,
    output wire                  m_axis_tlast,
    output wire                  m_axis_tvalid,
    input  wire                  m_axis_tready,
`ifdef SETTINGS
    output wire                  setting_write,
    output wire [7:0]            setting_number,
    output wire [7:0]            setting_asked,
    output wire [31:0]           setting_value,
    input  wire [31:0]           setting_held,
`endif
    output wire [IN_WIDTH-1:0]   in_data,
    output wire                  in_valid,
    input  wire                  in_ready,
    input  wire [OUT_WIDTH-1:0]  out_data,
    input  wire                  out_valid,
    output wire                  out_ready
);
    localparam BEAT         = IN_BEATS > 1 ? $clog2(IN_BEATS) : 1;
    localparam WORDS        = (VECTOR_BYTES + BYTES - 1) / BYTES;
    localparam BURST_BYTES  = WORDS * BYTES;
    localparam ANSWER_BYTES = OUT_BEATS * OUT_ELEMENTS * ((OUT_BITS + 7) / 8);
    localparam ANSWER_WORDS = ANSWER_BYTES / 4 + 1;  // the byte behind the answer tells whether it is one
    localparam STREAMED     = PART_BEATS > 0;
    localparam UNDER_WAY    = 8;  // logarithm of the vectors of a burst between stream in and stream out
    localparam [2:0] IDLE = 0, LOAD = 1, COUNT = 2, RUN = 3, BURST = 4;
    reg [2:0] phase = IDLE;
    wire idle = phase == IDLE && !rst;

    // Registers.
    wire        stall = phase == LOAD;
    wire        write, write_known, write_failed, read, read_known, read_failed, window_write, window_read;
    wire [15:0] write_address, read_address;
    wire [31:0] write_data, read_data, window_data, answer_data, answer_word, bench_count, inferences;
    wire [3:0]  write_strobe;
    wire        infer, bench, burst, damage, answer_read;
    wire [47:0] cycles;
    reg  [31:0] checksum = 0;

    axi_lite lite (
        .clk(clk), .rst(bus_rst), .s_axi_awaddr(s_axi_awaddr), .s_axi_awvalid(s_axi_awvalid),
        .s_axi_awready(s_axi_awready), .s_axi_wdata(s_axi_wdata), .s_axi_wstrb(s_axi_wstrb),
        .s_axi_wvalid(s_axi_wvalid), .s_axi_wready(s_axi_wready), .s_axi_bresp(s_axi_bresp),
        .s_axi_bvalid(s_axi_bvalid), .s_axi_bready(s_axi_bready), .s_axi_araddr(s_axi_araddr),
        .s_axi_arvalid(s_axi_arvalid), .s_axi_arready(s_axi_arready), .s_axi_rdata(s_axi_rdata),
        .s_axi_rresp(s_axi_rresp), .s_axi_rvalid(s_axi_rvalid), .s_axi_rready(s_axi_rready),
        .stall(stall), .write(write), .write_address(write_address), .write_data(write_data),
        .write_strobe(write_strobe), .write_known(write_known), .read(read), .read_address(read_address),
        .read_known(read_known), .read_data(read_data), .write_failed(write_failed), .read_failed(read_failed));
    axi_registers #(
`ifdef SETTINGS
        .SETTINGS(SETTINGS),
`endif
        .CLOCK_HZ(CLOCK_HZ), .VECTOR_BYTES(VECTOR_BYTES), .BURST_BYTES(BURST_BYTES), .DATA_BITS(DATA_BITS),
        .CLASSES(CLASSES), .INPUT(INPUT), .OUTPUT(OUTPUT), .ANSWER_WORDS(ANSWER_WORDS),
        .BENCH_VECTORS(STREAMED ? 0 : BENCH_VECTORS), .STREAMED(STREAMED), .MODEL_HASH(MODEL_HASH), .BUILD_ID(BUILD_ID)
    ) registers (
        .clk(clk), .rst(rst), .clear(bus_rst), .write(write), .write_address(write_address),
        .write_data(write_data), .write_strobe(write_strobe), .write_known(write_known),
        .write_failed(write_failed), .read(read), .read_address(read_address), .read_known(read_known),
        .read_data(read_data), .read_failed(read_failed), .window_write(window_write),
        .window_read(window_read), .window_data(window_data), .answer_read(answer_read), .answer_data(answer_data),
        .answer_word(answer_word), .idle(idle), .infer(infer), .bench(bench), .restart(restart),
        .bench_count(bench_count), .burst(burst), .damaged(damage), .cycles(cycles), .checksum(checksum),
`ifdef SETTINGS
        .setting_write(setting_write), .setting_number(setting_number), .setting_value(setting_value),
        .setting_asked(setting_asked), .setting_held(setting_held),
`endif
        .inferences(inferences));

    // Words from the window or from the stream, as beats to the vector or to the core.
    wire [DATA_BITS-1:0] window_word, frame_word;
    wire                 window_valid, frame_valid, gear_ready, gear_valid, gear_ends, gear_empty;
    wire [IN_WIDTH-1:0]  gear_data;
    wire [DATA_BITS-1:0] stream_data;
    wire [BYTES-1:0]     stream_keep;
    wire                 stream_last, stream_valid, stream_ready, burst_ended;
    wire                 mark, mark_last, mark_damaged, mark_ready;
    wire                 bursting = phase == BURST;

    axi_slice #(.WIDTH(DATA_BITS + BYTES + 1)) entry (
        .clk(clk), .rst(rst), .in_data({s_axis_tlast, s_axis_tkeep, s_axis_tdata}), .in_valid(s_axis_tvalid),
        .in_ready(s_axis_tready), .out_data({stream_last, stream_keep, stream_data}), .out_valid(stream_valid),
        .out_ready(stream_ready));
    axi_frame #(.DATA_BITS(DATA_BITS), .WORDS(WORDS), .VECTOR_BYTES(VECTOR_BYTES)) frame (
        .clk(clk), .rst(rst), .begin_burst(burst), .active(bursting), .ended(burst_ended),
        .in_data(stream_data), .in_keep(stream_keep), .in_last(stream_last), .in_valid(stream_valid),
        .in_ready(stream_ready), .out_data(frame_word), .out_valid(frame_valid), .out_ready(gear_ready),
        .vector_ends(mark), .vector_last(mark_last), .vector_damaged(mark_damaged), .vector_ready(mark_ready));
    generate if (STREAMED) begin : no_window
        assign window_data  = 0;
        assign window_word  = 0;
        assign window_valid = 0;
        wire unused = &{1'b0, window_write, window_read};
    end else begin : vector_window
        axi_window #(.DATA_BITS(DATA_BITS), .WORDS(WORDS)) window (
            .clk(clk), .rst(rst), .write(window_write), .write_index(write_address[14:2]), .write_data(write_data),
            .write_strobe(write_strobe), .read(window_read), .read_index(read_address[14:2]),
            .read_data(window_data), .load(infer), .out_data(window_word), .out_valid(window_valid),
            .out_ready(gear_ready));
    end endgenerate
    axi_gearbox #(.IN_WIDTH(DATA_BITS), .OUT_WIDTH(IN_WIDTH), .BEATS(IN_BEATS), .WORDS(WORDS)) gearbox (
        .clk(clk), .rst(rst), .in_data(bursting ? frame_word : window_word),
        .in_valid(bursting ? frame_valid : window_valid), .in_ready(gear_ready), .out_data(gear_data),
        .out_valid(gear_valid), .out_ready(bursting ? in_ready : 1'b1), .vector_ends(gear_ends),
        .empty(gear_empty));

    // Beats of the window's vector and of the stored ones, at the core's pace.
    wire                feeding, feed_ends, feed_read, feed_valid;
    wire [BEAT-1:0]     feed_address;
    wire [IN_WIDTH-1:0] host_data, feed_data;
    reg  [5:0]          shifted = 0;
    reg  [31:0]         count = 0;
    wire                counted     = shifted[5];
    wire                start_infer = phase == LOAD && gear_ends;
    wire                start_bench = phase == COUNT && counted;
    wire                start       = start_infer || start_bench || burst;

    generate if (STREAMED) begin : part
        bench_source #(.WIDTH(IN_WIDTH), .DEPTH(PART_BEATS), .FILE(BENCH_FILE)) stored (
            .clk(clk), .rewind(start_bench || feed_ends), .read(feed_read), .data(host_data));
        wire unused = &{1'b0, feed_address};
    end else begin : host_vector
        axi_vector #(.IN_WIDTH(IN_WIDTH), .IN_BEATS(IN_BEATS)) vector (
            .clk(clk), .clear(infer), .in_data(gear_data), .in_valid(gear_valid && stall), .read(feed_read),
            .address(feed_address), .data(host_data));
    end endgenerate
    bench_feeder #(
        .IN_WIDTH(IN_WIDTH), .IN_BEATS(IN_BEATS), .BENCH_VECTORS(STREAMED ? 0 : BENCH_VECTORS), .FILE(BENCH_FILE)
    ) feeder (
        .clk(clk), .rst(rst), .count_bit(count[0]), .count_shift(phase == COUNT && !counted),
        .start_host(start_infer), .start_bench(start_bench), .active(feeding), .vector_ends(feed_ends),
        .read(feed_read), .address(feed_address), .host_data(host_data), .out_data(feed_data),
        .out_valid(feed_valid), .out_ready(in_ready));
    assign in_data  = bursting ? gear_data : feed_data;
    assign in_valid = bursting ? gear_valid : feed_valid;

    // Answers: watched byte by byte; into the window, and in a burst out by the stream, each with its vector's mark. The
    // run is over when the last one has left, but its cycles only count up to its last beat out of the core.
    wire        done, exit_ready, marked, mark_is_last, mark_is_damaged;
    wire        beat_ends, byte_valid, byte_ready, byte_last, holds, ending, answer_valid, answer_ends;
    wire [7:0]  answer_byte;
    wire [31:0] crc, answer;
    wire        byte_moves   = byte_valid && byte_ready;
    wire        answer_ready = !bursting || exit_ready;
    wire        answer_moves = answer_valid && answer_ready;
    assign damage       = mark && mark_damaged;
    assign m_axis_tkeep = 4'b1111;

    result_bytes #(.BITS(OUT_BITS), .ELEMENTS(OUT_ELEMENTS), .BEATS(OUT_BEATS), .SIGNED(OUT_SIGNED)) results (
        .clk(clk), .rst(rst), .in_data(out_data), .in_valid(out_valid), .in_ready(out_ready), .ends(beat_ends),
        .out_data(answer_byte), .out_last(byte_last), .out_valid(byte_valid), .out_ready(byte_ready),
        .holds(holds));
    result_queue #(.WIDTH(2), .ADDRESS_BITS(UNDER_WAY)) marks (
        .clk(clk), .rst(rst), .ready(mark_ready), .accepted(mark), .push(mark), .push_data({mark_last, mark_damaged}),
        .out_data({mark_is_last, mark_is_damaged}), .out_valid(marked), .out_ready(answer_moves && answer_ends));
    axi_answer #(.BYTES(ANSWER_BYTES)) words (
        .clk(clk), .rst(rst), .in_data(answer_byte), .in_last(byte_last), .in_valid(byte_valid),
        .in_ready(byte_ready), .marked(!bursting || marked), .damaged(bursting && mark_is_damaged),
        .out_data(answer), .out_last(answer_ends), .out_valid(answer_valid), .out_ready(answer_ready),
        .ending(ending));
    generate if (STREAMED) begin : no_answers
        assign answer_data = 0;
        assign answer_word = 0;
        wire unused = &{1'b0, answer_read, answer_moves};
    end else begin : answer_window
        axi_answer_window #(.WORDS(ANSWER_WORDS)) answers (
            .clk(clk), .rst(rst), .in_data(answer), .in_last(answer_ends), .in_valid(answer_moves),
            .read(answer_read), .read_index(read_address[13:2]), .read_data(answer_data), .first(answer_word));
    end endgenerate
    axi_slice #(.WIDTH(33)) exit (
        .clk(clk), .rst(rst), .in_data({answer_ends && mark_is_last, answer}), .in_valid(bursting && answer_valid),
        .in_ready(exit_ready), .out_data({m_axis_tlast, m_axis_tdata}), .out_valid(m_axis_tvalid),
        .out_ready(m_axis_tready));
    bench_meter meter (
        .clk(clk), .rst(rst), .start(start), .feeding(bursting ? !(burst_ended && gear_empty) : feeding),
        .vector_ends(bursting ? gear_ends : feed_ends), .beat_moves(in_valid && in_ready),
        .answer_ends(out_valid && out_ready && beat_ends), .cycles(cycles), .inferences(inferences), .done(done));
    crc32 check (.clk(clk), .clear(start), .enable(byte_moves), .data(answer_byte), .crc(crc));

    reg  complete = 0;  // all answers have left the core
    wire over = (complete || done) && !holds && !ending;
    assign burst = idle && stream_valid && !infer && !bench;
    always @(posedge clk) begin
        shifted  <= phase == COUNT ? shifted + 1'b1 : 6'd0;
        count    <= bench ? bench_count : count >> 1;
        complete <= (complete || done) && !over;
        case (phase)
            IDLE: phase <= infer ? LOAD : bench ? COUNT : burst ? BURST : IDLE;
            LOAD: if (start_infer) phase <= RUN;
            COUNT: if (start_bench) phase <= RUN;
            default: if (over) phase <= IDLE;
        endcase
        if (over) checksum <= ~crc;
        if (rst) begin
            phase    <= IDLE;
            complete <= 0;
        end
    end
endmodule
`default_nettype wire
