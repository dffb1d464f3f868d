#!/usr/bin/python3
"""Binary property values decode to what a reference reading says.

usage: blobs.py CONVOKE CORPUS-FOLDER ($CONVOKE_CORPUS wins)

corpus/blobs holds values (In__...) and readings (Out__...) as lists of
"Name = value" lines. Each value of the kinds below is decoded by
`convoke inspect --blob`, and every fact of its reading that has a counterpart
must be equal. EXCEPTIONS are files where we know better, or less, and why.
Exit code 77 (skipped) without the folder.
"""
import datetime
import glob
import json
import os
import re
import subprocess
import sys

KINDS = {
    "arp": "recurrence", "tz": "time-zone", "tzd": "time-zone-definition",
    "goid": "global-id", "eid": "entry-id", "ci": "conversation-index",
    "RecipRow": "recipient-rows", "propdef": "property-definitions",
    "ReportTag": "report-tag",
}
EXCEPTIONS = {
    "In__12-propdef5.dat": "hex text with garbage: the reading goes on "
                           "through five definitions made of it, we stop",
}
WEEKDAYS = {"rdfSun": "SU", "rdfMon": "MO", "rdfTue": "TU", "rdfWed": "WE",
            "rdfThu": "TH", "rdfFri": "FR", "rdfSat": "SA"}
LINE = re.compile(r"^(\t*)([^\t=:][^=:]*?)(?:\s*[=:]\s?(.*))?$")


class Wrong(Exception):
    pass


class Reading:
    """A line of the reference, with the lines below it."""

    def __init__(self, name, value):
        self.name, self.value, self.below = name, value, []

    def all(self, name):
        """Lines of this name below, at any depth."""
        found = []
        for r in self.below:
            if r.name == name:
                found.append(r)
            found += r.all(name)
        return found

    def sub(self, name):
        return [r for r in self.below if r.name == name]

    def get(self, name):
        r = self.all(name)
        return r[0].value if r else None

    def own(self, name):
        r = self.sub(name)
        return r[0].value if r else None


def load(path):
    with open(path, "rb") as f:
        data = f.read()
    if data[:2] == b"\xff\xfe":
        return data.decode("utf-16")
    if data[1:2] == b"\0":
        return data.decode("utf-16-le")
    return data.decode("utf-8-sig")


def parse(text):
    root = Reading("", None)
    stack = [(-1, root)]
    for line in text.replace("\r\n", "\n").split("\n"):
        m = LINE.match(line)
        if not m:
            continue
        depth = len(m.group(1))
        r = Reading(m.group(2).strip(), m.group(3))
        while stack[-1][0] >= depth:
            stack.pop()
        stack[-1][1].below.append(r)
        stack.append((depth, r))
    return root


def number(text):
    """0x0010 = 16, -60 in 0xFFFFFFC4 (-60), or a plain number."""
    m = re.match(r"0x[0-9A-Fa-f]+", text)
    value = int(m.group(0), 16) if m else int(text.split()[0])
    signed = re.search(r"\((-\d+)\)", text)
    return int(signed.group(1)) if signed else value


def same(what, got, want):
    if got != want:
        raise Wrong("%s is %r, the reading has %r" % (what, got, want))


def same_number(what, got, reading, name):
    text = reading.get(name)
    if text is not None:
        same(what, got, number(text))


def guid(text):
    return re.search(r"\{[0-9A-F-]+\}", text).group(0)


def bytes_of(reading, name):
    """cb: 6 lpb: ... below a line."""
    lines = reading.sub(name)
    if not lines:
        return None
    for r in lines[0].below:
        m = re.search(r"lpb: ([0-9A-F]*)", (r.value or ""))
        if r.name == "cb" and m:
            return m.group(1).lower()
    return ""


def moment(text):
    """0x0CDB6DE6 = 02:30:00.000 PM 2/17/2011 as an ISO time."""
    m = re.search(r"(\d\d:\d\d:\d\d)\.(\d+) ([AP]M) (\d+/\d+/\d+)", text)
    t = datetime.datetime.strptime(" ".join((m.group(1), m.group(3),
                                             m.group(4))),
                                   "%I:%M:%S %p %m/%d/%Y")
    return t.isoformat(), m.group(2)


def same_time(what, got, text):
    iso, fraction = moment(text)
    got = got.rstrip("Z")
    whole, _, rest = got.partition(".")
    same(what, whole, iso)
    same(what + "'s fraction", rest.ljust(3, "0")[:len(fraction)], fraction)


def filetime(low_high):
    low, high = (int(x, 16) for x in low_high)
    return high << 32 | low


def ticks(iso):
    """FILETIME of an ISO time with up to 7 digits behind the point."""
    whole, _, rest = iso.rstrip("Z").partition(".")
    t = datetime.datetime.fromisoformat(whole) - datetime.datetime(1601, 1, 1)
    return (t.days * 86400 + t.seconds) * 10**7 + int(rest.ljust(7, "0") or 0)


# -- one function a kind --

def check_goid(r, d):
    year, month, day = (number(r.get(n)) for n in ("Year", "Month", "Day"))
    same("instance", d.get("instance"),
         "%04d-%02d-%02d" % (year, month, day) if year else None)
    high, low = re.match(r"(0x\w+):(0x\w+)", r.get("Creation Time")).groups()
    same("created", ticks(d["created"]), filetime((low, high)))
    data = bytes_of(r.below[0], "Data")
    same("uid", d["uid"][-len(data):].lower(), data)
    same("size", len(data) // 2, number(r.get("Size")))


def check_ci(r, d):
    low, high = re.search(r"Low = (0x\w+), High = (0x\w+)",
                          r.get("Current FILETIME")).groups()
    same("time", ticks(d["time"]), filetime((low, high)))
    same("guid", d["guid"], guid(r.get("GUID")))
    levels = [x for x in r.below[0].below
              if x.name.startswith("ResponseLevel[")]
    same("levels", len(d["levels"]), len(levels))
    for got, want in zip(d["levels"], levels):
        for key, name in (("deltaCode", "DeltaCode"),
                          ("timeDelta", "TimeDelta"), ("random", "Random"),
                          ("level", "ResponseLevel")):
            same_number(key, got[key], want, name)


def check_onset(what, got, want):
    if number(want.own("wMonth")) == 0:
        return same(what, got, None)
    for key, name in (("year", "wYear"), ("month", "wMonth"),
                      ("weekday", "wDayOfWeek"), ("day", "wDay"),
                      ("hour", "wHour"), ("minute", "wMinute")):
        same_number("%s %s" % (what, key), got[key], want, name)
    return None


def check_rule(got, want):
    for key, name in (("bias", "lBias"), ("standardBias", "lStandardBias"),
                      ("daylightBias", "lDaylightBias")):
        same_number(key, got[key], want, name)
    for key, name in (("standard", "stStandardDate"),
                      ("daylight", "stDaylightDate")):
        check_onset(key, got[key], want.sub(name)[0])


def check_tz(r, d):
    same("rules", len(d["rules"]), 1)
    check_rule(d["rules"][0], r.below[0])


def check_tzd(r, d):
    same("key name", d["keyName"], r.get("szKeyName"))
    rules = [x for x in r.below[0].below if x.name.startswith("TZRule[")]
    same("rules", len(d["rules"]), number(r.get("cRules")))
    for got, want in zip(d["rules"], rules):
        check_rule(got, want)
        same_number("flags", got["flags"], want, "wTZRuleFlags")
        same("from year", got["fromYear"], number(want.own("wYear")))


def check_days(what, got, r, name):
    want = [moment(x.below[0].name + " = " + (x.below[0].value or ""))[0][:10]
            for x in r.below[0].all(name) if x.below]
    same(what, got, want)


def check_exception(got, want):
    for key, name in (("start", "StartDateTime"), ("end", "EndDateTime"),
                      ("original", "OriginalStartDate")):
        same_time(key, got[key], want.own(name))
    flags = number(want.own("OverrideFlags"))
    same("body", got.get("body", False), bool(flags & 0x200))
    for key, name in (("meetingType", "MeetingType"), ("subType", "SubType"),
                      ("reminderDelta", "ReminderDelta"),
                      ("reminderSet", "ReminderSet"),
                      ("busyStatus", "BusyStatus"),
                      ("attachment", "Attachment")):
        if want.own(name) is not None:
            same(key, got.get(key), number(want.own(name)))
    for key, name in (("subject", "Subject"), ("location", "Location")):
        if want.own(name) is not None:
            same(key, got.get(key), want.own(name).strip('"'))


def check_arp(r, d):
    names = {0x200A: "daily", 0x200B: "weekly", 0x200C: "monthly",
             0x200D: "yearly"}
    ends = {0x2021: "date", 0x2022: "count", 0x2023: "never"}
    same("frequency", d["frequency"], names[number(r.get("RecurFrequency"))])
    same("end", d["endType"], ends.get(number(r.get("EndType")), "never"))
    for key, name in (("calendar", "CalendarType"), ("period", "Period"),
                      ("count", "OccurrenceCount"),
                      ("firstDayOfWeek", "FirstDOW")):
        same_number(key, d[key], r, name)
    days = r.get("WeekRecurrencePattern")
    if days:
        same("weekdays", set(d["weekdays"]),
             {WEEKDAYS[x] for x in re.findall(r"rdf\w+", days)})
    same_time("start", d["startDate"] + "T00:00:00", r.get("StartDate"))
    if d["endType"] != "never":
        same_time("end", d["endDate"] + "T00:00:00", r.get("EndDate"))
    for key, part in (("deleted", "Deleted"), ("modified", "Modified")):
        count = number(r.get(part + "InstanceCount"))
        want = [moment("= " + x.below[0].value)[0][:10]
                for x in walk(r) if x.below and
                x.name.startswith(part + "InstanceDates[")]
        same(key, d[key], want)
        same(key + "'s count", len(want), count)
    if r.get("StartTimeOffset"):
        same_number("start minute", d["startMinute"], r, "StartTimeOffset")
        same_number("end minute", d["endMinute"], r, "EndTimeOffset")
        want = [x for x in walk(r) if x.name.startswith("ExceptionInfo[")]
        same("exceptions", len(d["exceptions"]), len(want))
        for got, exception in zip(d["exceptions"], want):
            check_exception(got, exception)


def walk(r):
    for x in r.below:
        yield x
        yield from walk(x)


def check_eid_form(r, d):
    """r: the line that names the form of the id."""
    text = (("address", "X500DN"), ("library", "DLLFileName"),
            ("server", "ServerShortname"), ("mailbox", "MailboxDN"),
            ("serverAddress", "DN"), ("serverName", "FQDN"),
            ("smtpAddress", "SmtpAddress"), ("name", "szDisplayName"),
            ("addressType", "szAddressType"), ("address", "szEmailAddress"))
    numbers = (("wrappedType", "WrappedType"), ("type", "Type"),
               ("index", "Index"), ("folderType", "Folder Type"),
               ("messageType", "Message Type"), ("tailSize", "Size"))
    guids = (("wrappedProvider", "WrappedProviderUID"),
             ("database", "Database GUID"), ("database",
                                             "Message Database GUID"),
             ("folderDatabase", "Folder Database GUID"),
             ("container", "muidID"))
    places = [r] + [x for x in r.below if x.name.startswith("MAPI Message")]
    for place in places:
        for key, name in text:
            if place.own(name) is not None:
                same(key, d.get(key), place.own(name))
        for key, name in numbers:
            if place.own(name) is not None:
                same(key, d.get(key), number(place.own(name)))
        for key, name in guids:
            if place.own(name) is not None:
                same(key, d.get(key), guid(place.own(name)))
        for key, name in (("counter", "GlobalCounter"),
                          ("counter", "Message GlobalCounter"),
                          ("folderCounter", "Folder GlobalCounter")):
            if place.sub(name):
                same(key, d.get(key), bytes_of(place, name))
    if r.sub("Entry ID"):
        check_eid_entry(r.sub("Entry ID")[0], d["entry"])


def unwrap(r, d):
    """Ours shows what is within a wrapping as if it stood there itself."""
    wrapped = r.sub("Wrapped Entry ID")
    if not wrapped:
        return r
    same("wrap type", d.get("wrapType"),
         number(wrapped[0].own("Wrapped Entry Type")))
    return wrapped[0].sub("Entry ID")[0]


def check_eid_entry(r, d):
    r = unwrap(r, d)
    if r.own("Provider GUID"):
        same("provider", d["provider"], guid(r.own("Provider GUID")))
    for form in r.below:
        if form.name.endswith("Entry ID"):
            check_eid_form(form, d)


def check_eid(r, d):
    check_eid_entry(r.below[0], d)
    unread = [x for x in walk(r) if x.name == "Unparsed data size"]
    same("unread", unread_of(d), number(unread[-1].value) if unread else 0)


def unread_of(d):
    return d.get("unread", 0) + unread_of(d["entry"]) if "entry" in d else \
        d.get("unread", 0)


def row_value(want):
    kind = re.search(r"\((PT_\w+)\)", want.own("PropTag")).group(1)
    text = want.own("PropString") or ""
    if kind == "PT_LONG":
        value = int(text)
        return value - (1 << 32) if value >= 1 << 31 else value
    if kind == "PT_BOOLEAN":
        return text == "True"
    if kind == "PT_ERROR":
        return "error:" + re.search(r"0x\w{8}", text).group(0)
    if kind == "PT_BINARY":
        return re.search(r"lpb: ?(\w*)", text).group(1).lower()
    return text


def check_recip_row(r, d):
    rows = [x for x in r.below[0].below if x.name.startswith("Row ")]
    same("count", d["count"], number(r.get("cRowCount")))
    same("rows", len(d["rows"]), len(rows))
    for got, want in zip(d["rows"], rows):
        props = [x for x in want.below if x.name.startswith("Property[")]
        same("properties", len(got), number(want.own("cValues")))
        for prop, line in zip(got, props):
            tag = re.match(r"0x\w+", line.own("PropTag")).group(0)
            same("tag", prop["tag"], tag)
            same(tag, prop["value"], row_value(line))


def characters(r, name):
    lines = r.sub(name)
    if not lines:
        return ""
    below = lines[0].sub("Characters")
    return raw(below[0].below[0]) if below and below[0].below else ""


def raw(r):
    return r.name + ("" if r.value is None else "=" + r.value)


def squeezed(text):
    """Only what survives the reader's splitting of lines at = and :."""
    return re.sub(r"[\s=:]", "", text)


def check_definition(got, want):
    for key, name in (("flags", "Flags"), ("dispId", "DispID"),
                      ("internalType", "InternalType")):
        if want.own(name):
            same(key, int(got[key], 16), number(want.own(name)))
    same("type", got["type"], number(want.own("VT")))
    same("property", got["property"], want.own("NmidName") or "")
    for key, name in (("name", "NameAnsi"), ("formula", "FormulaANSI"),
                      ("validationRule", "ValidationRuleANSI"),
                      ("validationText", "ValidationTextANSI"),
                      ("error", "ErrorANSI")):
        same(key, squeezed(got.get(key, "")), squeezed(characters(want, name)))
    if want.own("SkipBlockCount"):
        same("blocks", got["blocks"], number(want.own("SkipBlockCount")))
        block = want.sub("SkipBlock[0]")[0]
        same("field name", squeezed(got.get("fieldName", "")),
             squeezed(characters(block, "FieldName")))


def check_propdef(r, d):
    top = r.below[0]
    same("version", int(d["version"], 16), number(top.own("Version")))
    same("count", d["count"], number(top.own("FieldDefinitionCount")))
    want = [x for x in top.below if x.name.startswith("Definition[")]
    same("definitions", len(d["definitions"]), len(want))
    for got, definition in zip(d["definitions"], want):
        check_definition(got, definition)
    unread = top.own("Unparsed data size")
    same("unread", d.get("unread", 0), number(unread) if unread else 0)


def check_report_tag(r, d):
    top = r.below[0]
    same("search key", d["messageSearchKey"], bytes_of(top,
                                                       "MessageSearchKey"))
    # The reading shows the two halves of the version the other way round.
    version = int(d["version"], 16)
    same("version", (version & 0xFFFF) << 16 | version >> 16,
         number(top.own("Version")))
    whole = bytes_of(top, "SearchFolderEntryID")
    folder = d["searchFolder"]
    same("search folder", folder["kind"], "folder")
    same("counter", folder["counter"], whole[-16:-4])
    same("text", d.get("text", ""), (top.own("AnsiText") or "").strip())


CHECKS = {"arp": check_arp, "tz": check_tz, "tzd": check_tzd,
          "goid": check_goid, "eid": check_eid, "ci": check_ci,
          "RecipRow": check_recip_row, "propdef": check_propdef,
          "ReportTag": check_report_tag}


def try_file(binary, path, kind):
    reading = re.sub(r"In(__\d+-[A-Za-z]+)(\d+)", r"Out\1-out\2", path)
    run = subprocess.run([binary, "inspect", "--blob", KINDS[kind], path],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         check=False)
    if run.returncode:
        raise Wrong(run.stderr.decode().strip())
    CHECKS[kind](parse(load(reading)), json.loads(run.stdout))


def main():
    binary = sys.argv[1]
    corpus = os.environ.get("CONVOKE_CORPUS") or sys.argv[2]
    files = sorted(glob.glob(os.path.join(corpus, "blobs", "In__*.dat")))
    if not files:
        print("no blobs in %s" % corpus)
        return 77
    passed, failed = 0, 0
    for path in files:
        name = os.path.basename(path)
        kind = re.match(r"In__\d+-([A-Za-z]+)\d+\.dat", name)
        if not kind or kind.group(1) not in KINDS:
            continue
        try:
            try_file(binary, path, kind.group(1))
            wrong = None
        except (Wrong, KeyError, IndexError, TypeError) as e:
            wrong = "%s: %s" % (type(e).__name__, e)
        if bool(wrong) == (name in EXCEPTIONS):
            passed += 1
        else:
            failed += 1
            print("%s: %s" % (name, wrong or "is right, but an exception"))
    print("%d exceptions" % len(EXCEPTIONS))
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
