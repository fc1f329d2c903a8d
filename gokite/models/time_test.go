package models_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/kiteticker/kiteticker/gokite/models"
)

func TestTime(t *testing.T) {
	for _, tc := range []struct{ in, want string }{ // want is UTC; IST is five and a half hours ahead
		{`"2021-07-05 10:41:27"`, "2021-07-05T05:11:27Z"},
		{`"2021-07-05"`, "2021-07-04T18:30:00Z"},
		{`"2021-07-05T10:41:27+0530"`, "2021-07-05T05:11:27Z"},
		{`"2021-07-05T10:41:27+05:30"`, "2021-07-05T05:11:27Z"},
		{`"2021-07-05T05:11:27Z"`, "2021-07-05T05:11:27Z"},
		{`" 2021-07-05 10:41:27 "`, "2021-07-05T05:11:27Z"},
		{`null`, "0001-01-01T00:00:00Z"},
		{`""`, "0001-01-01T00:00:00Z"},
	} {
		got := models.Time{Time: time.Unix(1, 0)}
		if err := json.Unmarshal([]byte(tc.in), &got); err != nil {
			t.Errorf("%s: %v", tc.in, err)
		}
		if s := got.UTC().Format(time.RFC3339); s != tc.want {
			t.Errorf("%s is %s, want %s", tc.in, s, tc.want)
		}
	}
	for _, in := range []string{`"yesterday"`, `"05-07-2021"`, `17`} {
		got := models.Time{Time: time.Unix(1, 0)}
		if err := json.Unmarshal([]byte(in), &got); err == nil || got.Unix() != 1 {
			t.Errorf("%s: %v, %v; want an error and no change", in, got, err)
		}
	}
}
