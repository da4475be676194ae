// AXI4-Lite slave: takes one write and one read at a time from the five channels and shows them on a plain local bus.
//
// Address and data of a write may come in either order. No path leads from an input to an output without a register.
// Every access is answered: an access that the local bus does not know gets SLVERR.
`default_nettype none
module axi_lite #(
    parameter ADDRESS = 16
) (
    input  wire               clk,
    input  wire               rst,
    input  wire [ADDRESS-1:0] s_axi_awaddr,
    input  wire               s_axi_awvalid,
    output wire               s_axi_awready,
    input  wire [31:0]        s_axi_wdata,
    input  wire [3:0]         s_axi_wstrb,
    input  wire               s_axi_wvalid,
    output wire               s_axi_wready,
    output reg  [1:0]         s_axi_bresp,
    output reg                s_axi_bvalid,
    input  wire               s_axi_bready,
    input  wire [ADDRESS-1:0] s_axi_araddr,
    input  wire               s_axi_arvalid,
    output wire               s_axi_arready,
    output reg  [31:0]        s_axi_rdata,
    output reg  [1:0]         s_axi_rresp,
    output reg                s_axi_rvalid,
    input  wire               s_axi_rready,
    // Local bus; `stall` holds accesses back.
    input  wire               stall,
    output wire               write,          // one cycle, with the three below
    output reg  [ADDRESS-1:0] write_address,
    output reg  [31:0]        write_data,
    output reg  [3:0]         write_strobe,
    input  wire               write_known,    // in the same cycle
    output wire               read,           // one cycle, with the address
    output reg  [ADDRESS-1:0] read_address,
    input  wire               read_known,     // in the cycle after `read`, with the data
    input  wire [31:0]        read_data,
    output wire               write_failed,   // one cycle for each SLVERR
    output wire               read_failed
);
    localparam [1:0] OKAY = 2'b00, SLVERR = 2'b10;
    reg address_held = 0, data_held = 0, read_held = 0, reading = 0;
    initial {s_axi_bvalid, s_axi_rvalid} = 0;

    assign s_axi_awready = !address_held;
    assign s_axi_wready  = !data_held;
    assign s_axi_arready = !read_held;
    assign write         = address_held && data_held && !s_axi_bvalid && !stall;
    assign read          = read_held && !reading && !s_axi_rvalid && !stall;
    assign write_failed  = write && !write_known;
    assign read_failed   = reading && !read_known;
    wire take_address = s_axi_awvalid && s_axi_awready;
    wire take_data    = s_axi_wvalid && s_axi_wready;
    wire take_read    = s_axi_arvalid && s_axi_arready;

    always @(posedge clk) begin
        if (take_address) write_address <= s_axi_awaddr;
        if (take_data) {write_strobe, write_data} <= {s_axi_wstrb, s_axi_wdata};
        if (take_read) read_address <= s_axi_araddr;
        if (write) s_axi_bresp <= write_known ? OKAY : SLVERR;
        if (reading) begin
            s_axi_rresp <= read_known ? OKAY : SLVERR;
            s_axi_rdata <= read_known ? read_data : 32'd0;
        end
    end

    always @(posedge clk)
        if (rst) begin
            {address_held, data_held, read_held, reading} <= 0;
            {s_axi_bvalid, s_axi_rvalid} <= 0;
        end else begin
            address_held <= take_address || (address_held && !write);
            data_held    <= take_data || (data_held && !write);
            read_held    <= take_read || (read_held && !read);
            reading      <= read;
            s_axi_bvalid <= write || (s_axi_bvalid && !s_axi_bready);
            s_axi_rvalid <= reading || (s_axi_rvalid && !s_axi_rready);
        end
endmodule
`default_nettype wire
