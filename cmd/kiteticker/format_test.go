package main

import (
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

var packets = []string{hexLTP, hexLTPC, hexNegative, hexBCD, hexUnknown, hexQuote, hexIndex, hexIndexFull, hexFull}

const received = "2021-07-05T10:41:27.123456+05:30"

func TestJSONRow(t *testing.T) {
	full := tick(t, hexFull)
	want := jsonFull + `,"conn":2,"received_at":"` + received + `"}` + "\n"
	if got := string(appendJSONRow(nil, &full)); got != want {
		t.Errorf("row is\n%swant\n%s", got, want)
	}
	for _, packet := range packets {
		tick := tick(t, packet)
		if row := appendJSONRow(nil, &tick); !json.Valid(row) {
			t.Errorf("not JSON: %s", row)
		}
	}
}

func TestCSVRow(t *testing.T) {
	columns := strings.Split(strings.TrimSuffix(csvHeader(), "\n"), ",")
	for _, tc := range []struct {
		packet string
		want   string // without the columns that are empty
	}{
		{hexLTP, "instrument_token=408065 mode=ltp tradable=true last_price=1550.04"},
		{hexLTPC, "instrument_token=31132428 mode=ltpc tradable=true last_price=378.2000 close=378.1000 change=0.026448029621793177"},
		{hexQuote, "instrument_token=307459 mode=quote tradable=true last_price=83.5025000 last_traded_quantity=5 " +
			"average_traded_price=83.4900000 volume_traded=123456 total_buy_quantity=7000 total_sell_quantity=8000 " +
			"open=83.4000000 high=83.6000000 low=83.3975000 close=83.4500000 change=0.06291192330736968"},
		{hexIndexFull, "instrument_token=256265 mode=full tradable=false last_price=9126.85 " +
			"open=9166.95 high=9167.60 low=9116.30 close=9093.12 change=0.3709397874436937 exchange_timestamp=2021-07-05T10:41:27+05:30"},
		{hexFull, "instrument_token=408065 mode=full tradable=true last_price=1550.05 last_traded_quantity=10 " +
			"average_traded_price=1549.50 volume_traded=3000000000 total_buy_quantity=250000 total_sell_quantity=125000 " +
			"open=1540.00 high=1560.00 low=1539.95 close=1545.00 change=0.3268608414239482 " +
			"last_trade_time=2021-07-05T10:41:27+05:30 oi=1 oi_day_high=2 oi_day_low=3 " +
			"buy1_quantity=100 buy1_price=1550.00 buy1_orders=3 buy2_quantity=200 buy2_price=1549.95 buy2_orders=65535 " +
			"buy3_quantity=300 buy3_price=1549.90 buy3_orders=1 buy4_quantity=400 buy4_price=1549.85 buy4_orders=2 " +
			"buy5_quantity=0 buy5_price=0.00 buy5_orders=0 " +
			"sell1_quantity=50 sell1_price=1550.05 sell1_orders=1 sell2_quantity=60 sell2_price=1550.10 sell2_orders=2 " +
			"sell3_quantity=70 sell3_price=1550.15 sell3_orders=3 sell4_quantity=80 sell4_price=1550.20 sell4_orders=4 " +
			"sell5_quantity=90 sell5_price=1550.25 sell5_orders=5"},
	} {
		tick := tick(t, tc.packet)
		row, err := csv.NewReader(strings.NewReader(string(appendCSVRow(nil, &tick)))).Read()
		if err != nil {
			t.Fatal(err)
		}
		if len(row) != len(columns) {
			t.Fatalf("%d values for %d columns", len(row), len(columns))
		}
		var got []string
		for i, value := range row {
			if value != "" {
				got = append(got, columns[i]+"="+value)
			}
		}
		want := append(strings.Fields(tc.want), "conn=2", "received_at="+received)
		if !slices.Equal(got, want) {
			t.Errorf("row is\n%v\nwant\n%v", got, want)
		}
	}
}

func TestTableRow(t *testing.T) {
	want := strings.TrimPrefix(`
     received conn      token segment  mode         last   change        volume          bid          ask            oi
 10:41:27.123    2     408065     NSE   ltp      1550.04        -             -            -            -             -
 10:41:27.123    2   31132428     NCO  ltpc     378.2000   +0.03%             -            -            -             -
 10:41:27.123    2  110080263     MCX   ltp       -37.00        -             -            -            -             -
 10:41:27.123    2     205062     BCD   ltp      73.7750        -             -            -            -             -
 10:41:27.123    2      25610       -   ltp      1550.04        -             -            -            -             -
 10:41:27.123    2     307459     CDS quote   83.5025000   +0.06%       123,456            -            -             -
 10:41:27.123    2     256265 INDICES quote      9126.85    0.00%             -            -            -             -
 10:41:27.123    2     256265 INDICES  full      9126.85   +0.37%             -            -            -             -
 10:41:27.123    2     408065     NSE  full      1550.05   +0.33% 3,000,000,000      1550.00      1550.05             1
`, "\n")
	got := []byte(tableHeader())
	for _, packet := range packets {
		tick := tick(t, packet)
		got = appendTableRow(got, &tick)
	}
	if string(got) != want {
		t.Errorf("table is\n%swant\n%s", got, want)
	}
}

func TestAppendChange(t *testing.T) {
	for percent, want := range map[float64]string{0: "0.00%", -0.001: "0.00%", 0.004: "0.00%", -0.006: "-0.01%", 12.345: "+12.35%", -100: "-100.00%"} {
		if got := string(appendChange(nil, percent)); got != want {
			t.Errorf("appendChange(%v) = %q, want %q", percent, got, want)
		}
	}
}

// A market of 36,000 ticks a second is printed without garbage.
func TestRowsDoNotAllocate(t *testing.T) {
	full, index := tick(t, hexFull), tick(t, hexIndexFull)
	buf := make([]byte, 0, 8<<10)
	for _, f := range formats {
		if n := testing.AllocsPerRun(100, func() {
			buf = f.row(f.row(buf[:0], &full), &index)
		}); n != 0 {
			t.Errorf("%s: %v allocations for two rows, want 0", f, n)
		}
	}
}

func BenchmarkRow(b *testing.B) {
	full := tick(b, hexFull)
	for _, f := range formats {
		b.Run("format="+f.name, func(b *testing.B) {
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				buf = f.row(buf[:0], &full)
			}
			b.SetBytes(int64(len(buf)))
		})
	}
}
