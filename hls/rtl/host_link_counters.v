// Event counters of the host link, 32 bits each, wrapping: good frames, CRC errors, line errors, resyncs.
//
// They live in a small memory, four bytes each, and one incrementer serves them a byte at a time: events are rare
// (one in a byte of UART at most). `hold` keeps them still while a reply carries them; line errors, the one event that
// can come then, wait, up to 31 of them. They start from zero after configuration, and no reset clears them.
`default_nettype none
module host_link_counters (
    input  wire       clk,
    input  wire       hold,
    input  wire       good_frame,
    input  wire       crc_error,
    input  wire       line_error,
    input  wire       resync,
    input  wire [3:0] index,  // byte to be read: counter, then byte of it, low first
    output reg  [7:0] data    // valid while `hold`, a cycle after `index`
);
    localparam [1:0] GOOD = 0, CRC = 1, LINE = 2, RESYNC = 3;
    localparam [1:0] CLEAR = 0, IDLE = 1, READ = 2, WRITE = 3;
    reg [7:0] memory [0:15];
    reg [1:0] state = CLEAR;
    reg [3:0] at = 0;  // counter and byte being served
    reg       good_waits = 0, crc_waits = 0, resync_waits = 0;
    reg [4:0] line_waits = 0;
    initial data = 0;

    wire waits  = good_waits || crc_waits || resync_waits || line_waits != 0;
    wire [1:0] chosen = good_waits ? GOOD : crc_waits ? CRC : resync_waits ? RESYNC : LINE;
    wire choose = state == IDLE && waits && !hold;
    wire carry  = &data && at[1:0] != 3;
    wire line_served = choose && chosen == LINE;

    always @(posedge clk) begin
        if (state == CLEAR || state == WRITE) memory[at] <= state == CLEAR ? 8'd0 : data + 1'b1;
        data <= memory[state == READ ? at : index];
    end

    always @(posedge clk) begin
        case (state)
            CLEAR: begin
                at <= at + 1'b1;
                if (&at) state <= IDLE;
            end
            IDLE: if (choose) begin
                at    <= {chosen, 2'd0};
                state <= READ;
            end
            READ: state <= WRITE;
            default: begin
                at[1:0] <= at[1:0] + 1'b1;
                state   <= carry ? READ : IDLE;
            end
        endcase
        if (choose) begin
            if (chosen == GOOD) good_waits <= 0;
            if (chosen == CRC) crc_waits <= 0;
            if (chosen == RESYNC) resync_waits <= 0;
        end
        if (good_frame) good_waits <= 1;
        if (crc_error) crc_waits <= 1;
        if (resync) resync_waits <= 1;
        if (line_error && !line_served && !(&line_waits)) line_waits <= line_waits + 1'b1;
        if (line_served && !line_error) line_waits <= line_waits - 1'b1;
    end
endmodule
`default_nettype wire
