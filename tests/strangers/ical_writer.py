#!/usr/bin/python3
"""python3-icalendar reads what the calendar writer makes: no error anywhere,
a VTIMEZONE for every TZID, and the values that went in come out.

usage: ical_writer.py ICAL_CALENDARS
"""
import datetime
import subprocess
import sys
import unittest

import icalendar

ZONE = "W. Europe Standard Time"


def read_calendars(program):
    out = subprocess.run([program], stdout=subprocess.PIPE, check=True).stdout
    calendars = {}
    while out:
        line, out = out.split(b"\n", 1)
        name, size = line.split()
        calendars[name.decode()] = out[:int(size)]
        out = out[int(size):]
    return calendars


def utc(*args):
    return datetime.datetime(*args, tzinfo=datetime.timezone.utc)


class Writer(unittest.TestCase):
    calendars = {}

    def events(self, name):
        calendar = icalendar.Calendar.from_ical(self.calendars[name])
        return [event for event in calendar.walk("VEVENT")]

    def test_every_calendar_is_sound(self):
        for name, raw in self.calendars.items():
            with self.subTest(name):
                for line in raw.split(b"\r\n"):
                    line.decode("utf-8")
                    self.assertLessEqual(len(line), 75)
                self.assertNotIn(b"\n", raw.replace(b"\r\n", b""))
                calendar = icalendar.Calendar.from_ical(raw)
                zones = {str(zone["TZID"])
                         for zone in calendar.walk("VTIMEZONE")}
                for event in calendar.walk("VEVENT"):
                    self.assertEqual(event.errors, [])
                    self.assertIn("DTSTAMP", event)
                    self.assertEqual(event["UID"], "u1@x.example")
                    for _, value in event.property_items():
                        zone = getattr(value, "params", {}).get("TZID")
                        self.assertTrue(zone is None or zone in zones)

    def test_request(self):
        event, = self.events("request")
        self.assertEqual(event["SUMMARY"], "Budget, \u20ac and more; again")
        self.assertEqual(event["DTSTART"].params["TZID"], ZONE)
        self.assertEqual(event["DTSTART"].dt, utc(2026, 11, 23, 8))
        self.assertEqual(event["ORGANIZER"].params["CN"], "Alice \u00dc,")
        bob, room = event["ATTENDEE"]
        self.assertEqual(bob.params["CN"], "B;o:b")
        self.assertEqual(bob.params["DELEGATED-TO"], "mailto:d@x.example")
        self.assertEqual(room.params["CUTYPE"], "ROOM")
        self.assertEqual(event["X-A"].params["B"], "c:d")
        self.assertEqual(event["SEQUENCE"], 1)

    def test_reply(self):
        event, = self.events("reply")
        self.assertEqual(event["ATTENDEE"].params["PARTSTAT"], "ACCEPTED")
        self.assertEqual(event["DTSTAMP"].dt, utc(2026, 11, 20, 8))

    def test_cancel(self):
        event, = self.events("cancel")
        self.assertEqual(event["STATUS"], "CANCELLED")
        self.assertEqual(event["SEQUENCE"], 2)

    def test_all_day(self):
        event, = self.events("all-day")
        # 23 November is no last day of a month, but RFC 5545 3.8.5.3 counts
        # DTSTART as the first instance all the same, and COUNT with it: the
        # rule goes out as it came, lest that day be lost.
        self.assertEqual(event["DTSTART"].dt, datetime.date(2026, 11, 23))
        self.assertEqual(event["DTEND"].dt, datetime.date(2026, 11, 24))
        self.assertEqual(event["RRULE"]["BYMONTHDAY"], [-1])

    def test_series(self):
        master, exception = self.events("series")
        self.assertEqual(master["RRULE"]["COUNT"], [10])
        self.assertEqual(master["EXDATE"].dts[0].dt, utc(2026, 12, 2, 8))
        self.assertEqual(exception["RECURRENCE-ID"].dt, utc(2026, 12, 9, 8))
        self.assertEqual(exception["DTSTART"].dt, utc(2026, 12, 10, 13))
        self.assertIn("\u00e4\u00f6\u00fc", master["DESCRIPTION"])

    def test_rule_without_pattern_goes_out_as_it_came(self):
        event, = self.events("no-pattern")
        self.assertEqual(event["RRULE"]["BYMONTHDAY"], [5, 20])
        self.assertEqual(event["RDATE"].dts[0].dt, utc(2026, 11, 30, 8))


if __name__ == "__main__":
    Writer.calendars = read_calendars(sys.argv[1])
    unittest.main(argv=sys.argv[:1])
