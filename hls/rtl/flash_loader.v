// Reads the weights of large RAMs from the SPI flash that the FPGA was configured from, and checks them by their CRC-32.
//
// The flash holds WORDS of 16 bits from byte OFFSET on, the low byte first. It is woken (command AB) since configuration
// leaves it in deep power-down, and read (command 03) from OFFSET to the end in one go, in SPI mode 0 at half the clock.
// Where the CRC is not CRC, it is woken and read again, TRIES times in all; then `failed` stays high until `rst`.
// `loaded` stays high for good: a reset does not touch the weights.
`default_nettype none
module flash_loader #(
    parameter        CLOCK_HZ     = 12000000,
    parameter [23:0] OFFSET       = 0,
    parameter        WORDS        = 2,
    parameter        LOAD_BITS = 1,
    parameter [31:0] CRC          = 0,
    parameter        TRIES        = 8
) (
    input  wire                    clk,
    input  wire                    rst,
    output reg                     loaded,
    output reg                     failed,
    output reg                     load_enable,
    output reg  [LOAD_BITS-1:0] load_address,
    output wire [15:0]             load_data,
    output reg                     flash_select,  // low: selected
    output reg                     flash_clock,
    output wire                    flash_out,     // to the flash
    input  wire                    flash_in
);
    localparam [7:0] WAKE = 8'hAB, READ = 8'h03;
    // 50 us: longer than flashes take to wake (W25Q128: 3 us).
    localparam REST = CLOCK_HZ / 20000;
    localparam REST_BITS = $clog2(REST + 1);
    localparam TRY_BITS = $clog2(TRIES + 1);
    localparam [LOAD_BITS-1:0] LAST = WORDS - 1;
    localparam [1:0] RESTING = 0, SENDING = 1, READING = 2, CHECKING = 3;

    reg [1:0]           state = RESTING;
    reg                 awake = 0, byte_came = 0;
    reg [REST_BITS-1:0] rest = REST;
    reg [TRY_BITS-1:0]  tries = 0;
    reg [4:0]           left = 0;   // bits of the command or the word behind this one
    reg [31:0]          shift = 0;  // the next bit to be sent on top, the last received one lowest
    wire [31:0]         crc;
    wire                begins = state == RESTING && rest == 0;

    initial begin
        loaded = 0;
        failed = 0;
        load_enable = 0;
        load_address = 0;
        flash_select = 1;
        flash_clock = 0;
    end
    assign flash_out = shift[31];
    assign load_data = {shift[7:0], shift[15:8]};
    crc32 check (.clk(clk), .clear(begins), .enable(byte_came), .data(shift[7:0]), .crc(crc));

    always @(posedge clk) begin
        byte_came <= 0;
        load_enable <= 0;
        if (load_enable)
            load_address <= load_address + 1'b1;
        case (state)
            RESTING: begin
                flash_select <= !begins || loaded || failed;
                if (rest != 0)
                    rest <= rest - 1'b1;
                else if (!loaded && !failed) begin
                    state <= SENDING;
                    shift <= awake ? {READ, OFFSET} : {WAKE, 24'd0};
                    left <= awake ? 31 : 7;
                    load_address <= 0;
                end
            end
            SENDING, READING: begin
                // A bit goes out while the clock is low. One comes in when it falls, before the flash sends the next.
                flash_clock <= !flash_clock;
                if (flash_clock) begin
                    shift <= {shift[30:0], flash_in};
                    left <= left - 1'b1;
                    byte_came <= state == READING && left[2:0] == 0;
                    if (left == 0) begin
                        left <= 15;
                        state <= state == SENDING && !awake ? RESTING : READING;
                        awake <= 1;
                        rest <= REST;
                        load_enable <= state == READING;
                        if (state == READING && load_address == LAST)
                            state <= CHECKING;
                    end
                end
            end
            CHECKING: begin
                flash_select <= 1;
                if (!byte_came) begin
                    state <= RESTING;
                    awake <= 0;
                    tries <= tries + 1'b1;
                    loaded <= crc == ~CRC;
                    failed <= crc != ~CRC && tries == TRIES - 1;
                end
            end
        endcase
        if (rst && !loaded) begin
            state <= RESTING;
            awake <= 0;
            rest <= REST;
            tries <= 0;
            failed <= 0;
            flash_select <= 1;
            flash_clock <= 0;
            byte_came <= 0;
            load_enable <= 0;
        end
    end
endmodule
`default_nettype wire
