//! Edits the text of a keyring file in place: what stays keeps its table, its order and its comments.

use concierge_core::{sensitive::Sensitive, time::Timestamp};
use toml_edit::{ArrayOfTables, Datetime, DocumentMut, Item, Table, Value};

use super::{KeyringContents as Contents, Purpose, Stored, StoredRing};

/// Some editors begin a file with it; TOML allows it, the edited text would lack it.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The text with what is different between the two.
pub(super) fn edit(text: &str, old: &Contents, new: &Contents) -> Result<Sensitive, String> {
    let body = text.trim_start_matches(BYTE_ORDER_MARK);
    let mark = &text[..text.len() - body.len()];
    let mut file: DocumentMut = body
        .parse()
        .map_err(|_| "the keyring file cannot be edited".to_owned())?;
    let edited = if file.is_empty() {
        // Nothing but comments, if that: they stay above what comes.
        let gap = if body.trim().is_empty() { "" } else { "\n\n" };
        format!("{}{gap}{new}", body.trim_end())
    } else {
        if old.epoch != new.epoch {
            set_epoch(&mut file, new.epoch)?;
        }
        for purpose in Purpose::ALL {
            set_ring(&mut file, purpose, old.ring(purpose), new.ring(purpose))?;
        }
        file.to_string()
    };
    let edited = Sensitive::new(edited);
    let ends_in_crlf = body.lines().count() > 0
        && body
            .split_inclusive('\n')
            .all(|line| line.ends_with("\r\n"));
    Ok(Sensitive::new(if ends_in_crlf {
        let lines = edited.expose().lines().map(|line| format!("{line}\r\n"));
        format!("{mark}{}", lines.collect::<String>())
    } else {
        format!("{mark}{}", edited.expose())
    }))
}

fn set_epoch(file: &mut DocumentMut, epoch: Option<Timestamp>) -> Result<(), String> {
    let is_new = !file.contains_key("epoch");
    set(file, "epoch", Field::Time(epoch))?;
    if let Some(value) = file.get_mut("epoch").and_then(Item::as_value_mut)
        && is_new
    {
        // A blank line between it and the first table.
        value.decor_mut().set_suffix("\n");
    }
    Ok(())
}

fn set_ring(
    file: &mut DocumentMut,
    purpose: Purpose,
    old: Option<&StoredRing>,
    new: Option<&StoredRing>,
) -> Result<(), String> {
    let name = purpose.as_str();
    match (old, new) {
        (_, None) => {
            file.remove(name);
        }
        (None, Some(new)) => {
            let mut section = Table::new();
            set(&mut section, "active", Field::Text(&new.active))?;
            let mut tables = ArrayOfTables::new();
            for key in &new.keys {
                tables.push(table_of(key)?);
            }
            section.insert("keys", Item::ArrayOfTables(tables));
            file.insert(name, Item::Table(section));
        }
        (Some(old), Some(new)) if old == new => {}
        (Some(old), Some(new)) => change_ring(section_of(file, name)?, old, new)?,
    }
    Ok(())
}

/// The section of a ring as a table, also where it was written inline.
fn section_of<'a>(file: &'a mut DocumentMut, name: &str) -> Result<&'a mut Table, String> {
    let section = file.get_mut(name).ok_or_else(odd)?;
    if !section.is_table() {
        *section = Item::Table(std::mem::take(section).into_table().map_err(|_| odd())?);
    }
    section.as_table_mut().ok_or_else(odd)
}

fn odd() -> String {
    "the keyring file is written in a way that cannot be edited; write each key as a [[..keys]] table".to_owned()
}

fn change_ring(section: &mut Table, old: &StoredRing, new: &StoredRing) -> Result<(), String> {
    if old.active != new.active {
        set(section, "active", Field::Text(&new.active))?;
    }
    let keys = section.get_mut("keys").ok_or_else(odd)?;
    if !keys.is_array_of_tables() {
        let tables = std::mem::take(keys).into_array_of_tables();
        *keys = Item::ArrayOfTables(tables.map_err(|_| odd())?);
        section.set_dotted(false);
        if let Some(mut name) = section.key_mut("keys") {
            name.fmt();
        }
    }
    let keys = section
        .get_mut("keys")
        .and_then(Item::as_array_of_tables_mut);
    let tables = keys.ok_or_else(odd)?;
    tables.retain(|table| find(new, table).is_some());
    for table in tables.iter_mut() {
        if let (Some(old), Some(new)) = (find(old, table), find(new, table)) {
            let fields = fields(old).into_iter().zip(fields(new));
            for (_, (name, field)) in fields.filter(|(old, new)| old != new) {
                set(table, name, field)?;
            }
        }
    }
    let is_added = |key: &&Stored| old.keys.iter().all(|other| other.id != key.id);
    for key in new.keys.iter().filter(is_added) {
        tables.push(table_of(key)?);
    }
    Ok(())
}

/// The key that a table is about.
fn find<'a>(ring: &'a StoredRing, table: &Table) -> Option<&'a Stored> {
    let id = table.get("id").and_then(Item::as_str)?;
    ring.keys.iter().find(|key| key.id == id)
}

#[derive(PartialEq)]
enum Field<'a> {
    Text(&'a str),
    Time(Option<Timestamp>),
}

fn fields(key: &Stored) -> [(&'static str, Field<'_>); 7] {
    [
        ("id", Field::Text(&key.id)),
        ("alg", Field::Text(key.alg.as_str())),
        ("value", Field::Text(key.value.expose())),
        ("state", Field::Text(key.state.as_str())),
        ("created_at", Field::Time(key.created_at)),
        ("not_before", Field::Time(key.not_before)),
        ("verify_until", Field::Time(key.verify_until)),
    ]
}

fn table_of(key: &Stored) -> Result<Table, String> {
    let mut table = Table::new();
    for (name, field) in fields(key) {
        set(&mut table, name, field)?;
    }
    Ok(table)
}

/// Sets a field in its place, with the comment behind it, or takes it away.
fn set(table: &mut Table, name: &str, field: Field<'_>) -> Result<(), String> {
    let mut value = match field {
        Field::Text(text) => Value::from(text),
        Field::Time(Some(time)) => {
            // Whole seconds are written as such.
            let time: Result<Datetime, _> = time.to_rfc3339().replace(".000Z", "Z").parse();
            Value::from(time.map_err(|_| format!("{name} is a time that no calendar has"))?)
        }
        Field::Time(None) => {
            table.remove(name);
            return Ok(());
        }
    };
    match table.get_mut(name).and_then(Item::as_value_mut) {
        Some(old) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        None => {
            table.insert(name, Item::Value(value));
        }
    }
    Ok(())
}
