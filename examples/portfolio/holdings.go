package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// holding is one line of the file.
type holding struct {
	token    uint32
	symbol   string // for display
	quantity int64
	average  money // price paid for one
}

// Limits that keep the value of a holding within money at every price that
// the wire can carry.
const (
	maxQuantity = 40_000_000
	maxAverage  = money(math.MaxInt32) * paisa
)

const header = "token,symbol,quantity,average_price"

// readHoldings reads a CSV file whose first line is header. Lines that begin
// with # are comments. It reports everything that is wrong with the file.
func readHoldings(r io.Reader) ([]holding, error) {
	in := csv.NewReader(r)
	in.Comment, in.TrimLeadingSpace = '#', true
	in.FieldsPerRecord = strings.Count(header, ",") + 1
	records, err := in.ReadAll()
	if err != nil {
		return nil, err
	}
	if len(records) == 0 || strings.Join(records[0], ",") != header {
		return nil, errors.New("the first line is not " + header)
	}
	var holdings []holding
	var errs []error
	known := map[uint32]bool{}
	for _, rec := range records[1:] {
		h, err := parseHolding(rec)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", rec[1], err))
		case known[h.token]:
			errs = append(errs, fmt.Errorf("%s: token %d is there twice", h.symbol, h.token))
		}
		known[h.token] = true
		holdings = append(holdings, h)
	}
	if len(holdings) == 0 {
		errs = append(errs, errors.New("there are no holdings"))
	}
	return holdings, errors.Join(errs...)
}

func parseHolding(rec []string) (h holding, err error) {
	h.symbol = rec[1]
	token, err := strconv.ParseUint(rec[0], 10, 32)
	if err != nil {
		return h, fmt.Errorf("%q is not an instrument token", rec[0])
	}
	// What a derivative is worth depends on its lot, and an index is worth
	// nothing: this program is for shares.
	if segment := token & 0xff; segment != 1 && segment != 4 {
		return h, fmt.Errorf("token %d is not of NSE or BSE", token)
	}
	h.token = uint32(token)
	if h.quantity, err = strconv.ParseInt(rec[2], 10, 64); err != nil || h.quantity < 1 || h.quantity > maxQuantity {
		return h, fmt.Errorf("%q is not a quantity from 1 to %d", rec[2], maxQuantity)
	}
	if h.average, err = parseMoney(rec[3]); err != nil {
		return h, err
	}
	if h.average > maxAverage {
		return h, fmt.Errorf("an average price of %v is too high, want at most %v", h.average, maxAverage)
	}
	return h, nil
}
