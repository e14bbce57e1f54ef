//! The host live: what is measured of it, how long it is kept and how it travels.

pub mod api;
pub mod live;
pub mod ring;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::Timestamp;

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Hundredths of the whole; of one core for a process.
    Percent,
    /// Bytes.
    Bytes,
    /// Bytes in a second.
    Rate,
    /// Things.
    Count,
    /// Runnable tasks.
    Load,
    /// Milliseconds.
    Millis,
}

impl Unit {
    /// A value without the digits that nobody reads.
    pub fn round(self, value: f32) -> f32 {
        let parts = match self {
            Self::Percent | Self::Millis => 10.0,
            Self::Load => 100.0,
            Self::Bytes | Self::Rate | Self::Count => 1.0,
        };
        (value * parts).round() / parts
    }
}

macro_rules! metrics {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $unit:ident;)+) => {
        /// A number of a sample. The text is stable: columns are named by it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum Metric { $($(#[$doc])* #[serde(rename = $text)] $name,)+ }

        impl Metric {
            /// All of them, in the order of a sample.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$name),+];

            /// The stable text.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// What it counts.
            pub const fn unit(self) -> Unit {
                match self { $(Self::$name => Unit::$unit,)+ }
            }
        }
    };
}

metrics! {
    /// How busy the processors are together.
    Cpu = "cpu", Percent;
    /// Runnable tasks, over a minute.
    Load1 = "load_1", Load;
    /// The same over five minutes.
    Load5 = "load_5", Load;
    /// The same over fifteen minutes.
    Load15 = "load_15", Load;
    /// Memory in use on the host.
    Memory = "memory", Bytes;
    /// Memory of the host.
    MemoryTotal = "memory_total", Bytes;
    /// Memory in use by the control group, which is the container.
    MemoryGroup = "memory_group", Bytes;
    /// Swap in use.
    Swap = "swap", Bytes;
    /// Space in use on the volume of the data folder.
    Disk = "disk", Bytes;
    /// Size of that volume.
    DiskTotal = "disk_total", Bytes;
    /// Read and written, over all disks.
    DiskIo = "disk_io", Rate;
    /// Received and sent, over all networks but loopback.
    NetworkIo = "network_io", Rate;
    /// What this process takes of one core.
    OwnCpu = "own_cpu", Percent;
    /// What this process holds in memory.
    OwnMemory = "own_memory", Bytes;
    /// Files this process has open, sockets included.
    OpenFiles = "open_files", Count;
    /// Sockets this process has open.
    Sockets = "sockets", Count;
    /// Connections to the database in use.
    Pool = "pool", Count;
    /// How late the event loop woke.
    Lag = "lag", Millis;
}

/// How many numbers a sample has.
pub const METRICS: usize = Metric::ALL.len();

/// One number; not known on every machine, and then `null` on the wire.
#[derive(Debug, Clone, Copy)]
pub struct Value(f32);

impl Value {
    /// Not known.
    pub const UNKNOWN: Self = Self(f32::NAN);

    /// A number; what is none counts as not known.
    pub fn new(value: f32) -> Self {
        Self(if value.is_finite() { value } else { f32::NAN })
    }

    /// The number, where it is known.
    pub fn get(self) -> Option<f32> {
        (!self.0.is_nan()).then_some(self.0)
    }
}

/// Not known equals not known, as it does to a reader.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Beyond this an f32 steps over whole numbers anyway; far below i64's end.
        const WHOLE: f32 = 1e15;
        match self.get() {
            None => serializer.serialize_none(),
            Some(value) if value.fract() == 0.0 && value.abs() < WHOLE => {
                serializer.serialize_i64(value as i64)
            }
            Some(value) => serializer.serialize_f32(value),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Option::<f32>::deserialize(deserializer)?;
        Ok(value.map_or(Self::UNKNOWN, Self::new))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Value {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Value".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Option::<f32>::json_schema(generator)
    }
}

/// The numbers of a sample, in the order of [`Metric::ALL`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Values(pub [Value; METRICS]);

impl Default for Values {
    fn default() -> Self {
        Self([Value::UNKNOWN; METRICS])
    }
}

impl Values {
    /// One of them.
    pub fn get(&self, metric: Metric) -> Option<f32> {
        self.0[metric as usize].get()
    }

    /// Sets one of them, rounded.
    pub fn set(&mut self, metric: Metric, value: f32) {
        self.0[metric as usize] = Value::new(metric.unit().round(value));
    }
}

/// The numbers of one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// When. It also numbers the sample: the times of a ring only grow.
    pub at: Timestamp,
    /// The numbers.
    pub values: Values,
}
