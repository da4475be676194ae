// Test chip: a UART that answers each byte with four, computed through every kind of memory, carry chain, multiplier
// and wide multiplexer that synthesis maps to cells of their own.

module byte_receiver #(parameter DIVIDER = 12) (
    input clk, input rst, input line, output reg [7:0] data, output reg valid
);
  reg [2:0] sync;
  reg [7:0] count;
  reg [3:0] index;
  reg busy;
  always @(posedge clk) begin
    sync <= {sync[1:0], line};
    valid <= 1'b0;
    if (rst) begin
      busy <= 1'b0;
      sync <= 3'b111;
    end else if (!busy) begin
      busy <= !sync[2];
      count <= DIVIDER + DIVIDER / 2 - 1;
      index <= 4'd0;
    end else if (count != 0) count <= count - 8'd1;
    else begin
      count <= DIVIDER - 1;
      index <= index + 4'd1;
      if (index == 4'd8) begin
        busy <= 1'b0;
        valid <= sync[2];
      end else data <= {sync[2], data[7:1]};
    end
  end
endmodule

module byte_sender #(parameter DIVIDER = 12) (
    input clk, input rst, input [7:0] data, input valid, output ready, output line
);
  reg [9:0] shift;
  reg [3:0] left;
  reg [7:0] count;
  assign ready = left == 0;
  assign line = shift[0];
  always @(posedge clk)
    if (rst) begin
      shift <= 10'h3ff;
      left <= 4'd0;
    end else if (ready) begin
      if (valid) begin
        shift <= {1'b1, data, 1'b0};
        left <= 4'd10;
        count <= DIVIDER - 1;
      end
    end else if (count != 0) count <= count - 8'd1;
    else begin
      count <= DIVIDER - 1;
      shift <= {1'b1, shift[9:1]};
      left <= left - 4'd1;
    end
endmodule

module chip (input clk, input uart_rx, output uart_tx, output led);
  reg [3:0] age = 4'd0;
  wire rst = !age[3];
  always @(posedge clk) if (rst) age <= age + 4'd1;

  wire [7:0] in;
  wire in_valid;
  byte_receiver receiver (.clk(clk), .rst(rst), .line(uart_rx), .data(in), .valid(in_valid));

  // Contents of the ROMs come from files, so that block RAM contents are under test too.
  localparam ROM_BITS = 10, NIBBLES_BITS = 12, BITS_BITS = 14;
  reg [35:0] rom[0:(1 << ROM_BITS) - 1];
  reg [3:0] nibbles[0:(1 << NIBBLES_BITS) - 1];
  reg [0:0] bits[0:(1 << BITS_BITS) - 1];
  initial begin
    $readmemh("rom.hex", rom);
    $readmemh("nibbles.hex", nibbles);
    $readmemh("bits.hex", bits);
  end
  (* rom_style = "logic" *) reg [7:0] table_in_logic[0:63];
  initial $readmemh("table.hex", table_in_logic);
  reg [3:0] distributed[0:15];
  reg [17:0] memory[0:255];
  reg [35:0] wide[0:511];
  integer i;
  initial begin
    for (i = 0; i < 16; i = i + 1) distributed[i] = 4'd0;
    for (i = 0; i < 256; i = i + 1) memory[i] = 18'd0;
    for (i = 0; i < 512; i = i + 1) wide[i] = 36'd5;
  end

  reg [13:0] turn;
  reg [31:0] sum;
  reg [1:0] step;
  reg [2:0] left;
  reg [31:0] out;
  reg [35:0] word, wide_word;
  reg [17:0] old;
  reg [3:0] nibble, local_nibble;
  reg one;
  // As units multiply: an unsigned code by a signed weight, and unsigned pieces.
  reg signed [16:0] weighted;
  reg [31:0] scaled;
  // A register that starts set without any reset, and an asynchronous read of LUT RAM.
  reg odd = 1'b1;
  wire [31:0] mixed = (word[31:0] ^ {28'd0, word[35:32]}) + {old, 10'd0, local_nibble}
      + (sum ^ wide_word[35:4]) + {27'd0, one, nibble} + {24'd0, table_in_logic[in[5:0] ^ sum[5:0]]}
      + weighted + scaled;
  wire store = step == 2'd3;
  wire [13:0] place = {turn[5:0], in};
  always @(posedge clk) begin
    word <= rom[place[ROM_BITS-1:0]];
    nibble <= nibbles[place[NIBBLES_BITS-1:0]];
    one <= bits[place[BITS_BITS-1:0]];
    old <= memory[in];
    wide_word <= wide[{turn[0], in}];
    local_nibble <= distributed[in[3:0]];
    weighted <= $signed({1'b0, in}) * $signed(word[7:0]);
    scaled <= word[35:20] * word[15:0];
    if (store) begin
      distributed[in[7:4]] <= mixed[7:4];
      memory[in ^ 8'd1] <= mixed[25:8];
      wide[{turn[1], in}] <= {mixed[3:0], mixed ^ 32'h55555555};
      odd <= odd ^ mixed[9];
    end
  end

  wire ready;
  wire valid = left != 0 && step == 0;
  always @(posedge clk)
    if (rst) begin
      turn <= 14'd0;
      sum <= 32'd7;
      step <= 2'd0;
      left <= 3'd0;
    end else if (in_valid) step <= 2'd1;
    else if (store) begin
      out <= {mixed[31:1], odd};
      sum <= mixed;
      left <= 3'd4;
      turn <= turn + 14'd1;
      step <= 2'd0;
    end else if (step != 0) step <= step + 2'd1;
    else if (valid && ready) begin
      out <= {8'd0, out[31:8]};
      left <= left - 3'd1;
    end
  byte_sender sender (
      .clk(clk), .rst(rst), .data(out[7:0]), .valid(valid), .ready(ready), .line(uart_tx)
  );
  assign led = sum[0];
endmodule
