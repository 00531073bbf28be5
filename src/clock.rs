//! Time as an argument: code that needs the time gets a clock, so that tests can move it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, sqlx::Type,
)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Returns this time plus `ms` milliseconds; saturating.
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Returns this time plus a duration.
    pub fn plus(self, by: Duration) -> Self {
        self.plus_ms(i64::try_from(by.as_millis()).unwrap_or(i64::MAX))
    }

    /// Returns this time minus a duration.
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Returns the milliseconds from `earlier` to this; negative where it is later.
    pub fn ms_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Returns a jiff timestamp; saturates at jiff's range.
    pub fn to_jiff(self) -> jiff::Timestamp {
        let end = if self.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(end)
    }

    /// Returns RFC 3339 in UTC, in whole seconds or with milliseconds where needed: `2026-11-20T13:24:00Z`.
    pub fn to_rfc3339(self) -> String {
        self.to_jiff().to_string()
    }

    /// Parses RFC 3339 with any offset (ISO 8601 with a zone), from the year 0 on: RFC 3339 has no earlier ones.
    pub fn parse(text: &str) -> Option<Self> {
        const YEAR_0: Timestamp = Timestamp(-62_167_219_200_000);
        let at = text.trim().parse::<jiff::Timestamp>().ok()?.as_millisecond();
        Some(Self(at)).filter(|at| *at >= YEAR_0)
    }

    /// Returns the begin of the day in UTC, whatever the company's time zone: for data that must not reveal its time of day.
    pub fn utc_midnight(self) -> Self {
        Self(self.0 - self.0.rem_euclid(86_400_000))
    }
}

/// A time zone: it decides which day and month a time is in. UTC by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(jiff::tz::TimeZone);

impl Default for Zone {
    fn default() -> Self {
        Self(jiff::tz::TimeZone::UTC)
    }
}

impl std::str::FromStr for Zone {
    type Err = String;

    /// Finds an IANA name in the time zone database that is compiled in: no `/usr/share/zoneinfo` is needed.
    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim();
        let unknown = |_| format!("\"{name}\" is not a time zone such as UTC, Europe/Berlin or America/New_York");
        jiff::tz::TimeZoneDatabase::bundled().get(name).map(Self).map_err(unknown)
    }
}

impl std::fmt::Display for Zone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

impl Zone {
    /// Returns the zone with a fixed offset, in minutes east of UTC; UTC where there is no such offset.
    pub fn with_offset(minutes: i64) -> Self {
        let seconds = i32::try_from(minutes.saturating_mul(60)).ok();
        let offset = seconds.and_then(|seconds| jiff::tz::Offset::from_seconds(seconds).ok());
        offset.map(|offset| Self(offset.to_time_zone())).unwrap_or_default()
    }

    /// Returns the date of a time.
    pub fn date(&self, at: Timestamp) -> jiff::civil::Date {
        self.local(at).date()
    }

    /// Returns the time with its zone, for formatting.
    pub fn local(&self, at: Timestamp) -> jiff::Zoned {
        at.to_jiff().to_zoned(self.0.clone())
    }

    /// Returns the day of a time, `2026-11-20`.
    pub fn day(&self, at: Timestamp) -> String {
        self.date(at).to_string()
    }

    /// Returns the month of a time, `2026-11`: the label of data that must not reveal its time.
    pub fn month(&self, at: Timestamp) -> String {
        self.date(at).strftime("%Y-%m").to_string()
    }

    /// Returns the first moment of a date; the end of time where it is out of range.
    pub fn begin(&self, date: jiff::civil::Date) -> Timestamp {
        let begin = date.to_zoned(self.0.clone());
        begin.map_or(Timestamp(i64::MAX), |begin| Timestamp(begin.timestamp().as_millisecond()))
    }

    /// Returns the first moment of the day of a time.
    pub fn begin_of_day(&self, at: Timestamp) -> Timestamp {
        self.begin(self.date(at))
    }
}

/// Returns the offset from UTC that an RFC 3339 time was sent with, in minutes east. `None` for `Z` and for an offset of
/// zero: many systems write every time in UTC, so it does not tell where the customer is.
pub fn sent_offset(text: &str) -> Option<i64> {
    let pieces = jiff::fmt::temporal::Pieces::parse(text.trim()).ok()?;
    let minutes = pieces.to_numeric_offset()?.seconds() / 60;
    Some(i64::from(minutes)).filter(|minutes| *minutes != 0)
}

/// A source of the current time.
pub trait Clock: Send + Sync + 'static {
    /// Returns the current time.
    fn now(&self) -> Timestamp;

    /// Returns the company's time zone.
    fn zone(&self) -> Zone {
        Zone::default()
    }

    /// Returns the current day in the company's time zone, `2026-11-20`.
    fn today(&self) -> String {
        self.zone().day(self.now())
    }
}

/// A shared clock.
pub type SharedClock = Arc<dyn Clock>;

/// A clock in the company's time zone.
struct ZonedClock {
    clock: SharedClock,
    zone: Zone,
}

impl Clock for ZonedClock {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn zone(&self) -> Zone {
        self.zone.clone()
    }
}

/// Returns the clock with this time zone.
pub fn in_zone(clock: SharedClock, zone: Zone) -> SharedClock {
    Arc::new(ZonedClock { clock, zone })
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine for the time")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Returns the time since the machine was started, including suspended time. It never jumps when the clock is set.
pub fn uptime() -> Duration {
    #[cfg(target_os = "linux")]
    const CLOCK: libc::clockid_t = libc::CLOCK_BOOTTIME;
    #[cfg(not(target_os = "linux"))]
    const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for a timespec. It can't fail: the system knows this clock.
    unsafe { libc::clock_gettime(CLOCK, &raw mut time) };
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// A clock that stands still until it is moved: for tests and for filling the demo's past.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// Returns a clock at `start`.
    pub fn new(start: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(start.0)))
    }

    /// Advances by `by`.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// Sets the time to `to`, earlier or later.
    pub fn set(&self, to: Timestamp) {
        self.0.store(to.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_those_that_were_sent() {
        for (text, minutes) in [
            ("2026-11-20T22:24:00-05:00", Some(-300)),
            ("2026-11-21T08:24:00+13:00", Some(780)),
            (" 2026-11-21T08:24:00+05:30", Some(330)),
            ("2026-11-20T22:24:00Z", None),
            ("2026-11-20T22:24:00+00:00", None),
            ("2026-11-20T22:24:00-00:00", None),
            ("2026-11-20T22:24:00", None),
            ("yesterday", None),
        ] {
            assert_eq!(sent_offset(text), minutes, "{text}");
        }
    }

    #[test]
    fn days_and_months_are_those_of_the_zone() {
        let at = Timestamp::parse("2026-11-30T23:30:00Z").unwrap();
        for (zone, day, begin) in [
            ("UTC", "2026-11-30", "2026-11-30T00:00:00Z"),
            ("Europe/Berlin", "2026-12-01", "2026-11-30T23:00:00Z"),
            ("America/New_York", "2026-11-30", "2026-11-30T05:00:00Z"),
            ("Asia/Kathmandu", "2026-12-01", "2026-11-30T18:15:00Z"),
        ] {
            let zone: Zone = zone.parse().unwrap();
            assert_eq!((zone.day(at).as_str(), zone.month(at).as_str()), (day, &day[..7]), "{zone}");
            assert_eq!(zone.begin_of_day(at).to_rfc3339(), begin, "{zone}");
        }
        // Clocks go back on this day: it has 25 hours.
        let berlin: Zone = "Europe/Berlin".parse().unwrap();
        let (begin, end) = (berlin.begin("2026-10-25".parse().unwrap()), berlin.begin("2026-10-26".parse().unwrap()));
        assert_eq!(end.ms_since(begin), 25 * 3_600_000);
        assert_eq!(berlin.to_string(), "Europe/Berlin");
        assert_eq!(Zone::with_offset(-300).day(Timestamp::parse("2026-11-21T03:24:00Z").unwrap()), "2026-11-20");
        for wrong in ["", "Europe/Berln", "CEST", "+01:00", "Berlin"] {
            assert!(wrong.parse::<Zone>().is_err(), "{wrong}");
        }
    }
}
