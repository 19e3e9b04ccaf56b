//! The check of the journal: the chain, the images, and what is kept beside them.

use super::{
    Journal,
    chain::{ChainEvent, Head},
    images,
    take_over::turned_up,
    walk::{Problem, Walk},
};
use crate::{Fault, sha256_hex};
use highlevel_core::error::Result;
use rusqlite::Connection;
use serde_json::Value;
use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
};

/// What the check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How many events there are.
    pub events: u64,
    /// How many images there are.
    pub images: u64,
    /// How many images were pruned.
    pub pruned: u64,
    /// The chain's end.
    pub head: Head,
    /// The number of the last line that an older version's size limit has removed; 0 if it has removed none.
    pub dropped: u64,
    /// What is wrong, in the order of the events.
    pub problems: Vec<Problem>,
}

impl Journal {
    /// Checks the chain and the images; with a hash that `head` gave once, also that the chain leads there.
    ///
    /// # Errors
    /// `internal`, naming the directory.
    pub async fn verify(&self, head: Option<String>) -> Result<Report> {
        let dir = self.place.dir.clone();
        let kept = head.clone();
        let empty = move || Check::default().report(kept.as_deref(), 0);
        self.read(empty, move |db| verify(&dir, db, head.as_deref())).await
    }
}

/// The check under way.
#[derive(Default)]
struct Check {
    walk: Walk,
    is_head_met: bool,
    attempts: BTreeSet<u64>,
    /// The attempts that have an outcome.
    ended: BTreeSet<u64>,
    /// Images without a body: the last event that refers to each, with its member.
    bodiless: HashMap<String, (u64, String)>,
    /// Pruned images: the last event that says so.
    pruned: HashMap<String, u64>,
}

fn verify(dir: &Path, db: &mut Connection, kept: Option<&str>) -> Result<Report, Fault> {
    let transaction = db.transaction()?;
    let mut check = Check::default();
    check.events(&transaction, kept)?;
    check.walk.missing();
    check.gone_images();
    let images = check.stored_images(&transaction)?;
    check.unfinished(&transaction)?;
    check.file(&transaction)?;
    let names = turned_up(dir, &transaction)?;
    check.walk.problems.extend(names.into_iter().map(Problem::OlderVersion));
    Ok(check.report(kept, images))
}

impl Check {
    /// Walks along the events. Reads only what they are: nothing is found through an index.
    fn events(&mut self, db: &Connection, kept: Option<&str>) -> Result<(), Fault> {
        let mut statement = db.prepare("SELECT position, body, hash FROM events ORDER BY position")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let position: i64 = row.get(0)?;
            let texts = row.get_ref(1)?.as_str().ok().zip(row.get_ref(2)?.as_str().ok());
            match texts.and_then(|(text, hash)| ChainEvent::read(text, hash)) {
                Some(event) => self.event(db, &event, kept)?,
                None => self.walk.problems.push(Problem::NoEvent(position)),
            }
        }
        Ok(())
    }

    fn event(&mut self, db: &Connection, event: &ChainEvent, kept: Option<&str>) -> Result<(), Fault> {
        self.walk.take(event);
        self.is_head_met |= kept == Some(event.hash.as_str());
        let number = |name: &str| event.members.get(name).and_then(Value::as_u64);
        let list = |name: &str| event.members.get(name).and_then(Value::as_array).into_iter().flatten();
        match event.kind() {
            "attempt" => drop(self.attempts.insert(event.seq)),
            "outcome" => self.ended.extend(number("attempt")),
            "pruned" => {
                self.pruned
                    .extend(list("images").filter_map(Value::as_str).map(|digest| (digest.to_owned(), event.seq)));
            }
            "taken_over" => {
                let lines = list("foreign").filter_map(|line| {
                    Some(Problem::NoLine(line.get("file")?.as_str()?.to_owned(), line.get("line")?.as_u64()?))
                });
                self.walk.problems.extend(lines);
            }
            _ => {}
        }
        for image in images::references(&event.members) {
            if !is_stored(db, &image.digest)? {
                self.bodiless.insert(image.digest, (event.seq, image.member));
            }
        }
        Ok(())
    }

    /// Images that are gone have to be pruned after the last event that refers to them.
    fn gone_images(&mut self) {
        let mut gone: Vec<(u64, String)> = Vec::new();
        for (digest, (seq, member)) in &self.bodiless {
            if self.pruned.get(digest).is_none_or(|pruned| pruned < seq) {
                gone.push((*seq, member.clone()));
            }
        }
        gone.sort();
        self.walk.problems.extend(gone.into_iter().map(|(seq, member)| Problem::ImageMissing(seq, member)));
    }

    /// Compares each image with its digest. Returns how many there are.
    fn stored_images(&mut self, db: &Connection) -> Result<u64, Fault> {
        let mut count = 0;
        let mut statement = db.prepare("SELECT digest, body FROM images WHERE body IS NOT NULL ORDER BY rowid")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            count += 1;
            let digest = row.get_ref(0)?.as_str().unwrap_or_default();
            if row.get_ref(1)?.as_bytes().is_ok_and(|body| sha256_hex(body) == digest) {
                continue;
            }
            self.walk.problems.push(Problem::ImageAltered(digest.to_owned()));
        }
        Ok(count)
    }

    /// Compares the list of unfinished attempts with the chain.
    fn unfinished(&mut self, db: &Connection) -> Result<(), Fault> {
        let mut statement = db.prepare("SELECT seq FROM unfinished")?;
        let listed = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<BTreeSet<u64>>>()?;
        let open = &self.attempts - &self.ended;
        self.walk.problems.extend(listed.symmetric_difference(&open).map(|seq| Problem::Misfiled(*seq)));
        Ok(())
    }

    /// Lets SQLite check the file, its indexes among them.
    fn file(&mut self, db: &Connection) -> Result<(), Fault> {
        /// The most faults that are reported.
        const MOST: u32 = 20;
        let mut statement = db.prepare(&format!("PRAGMA integrity_check({MOST})"))?;
        let mut rows = statement.query([])?;
        loop {
            match rows.next() {
                Ok(Some(row)) => {
                    let what: String = row.get(0)?;
                    if what != "ok" {
                        self.walk.problems.push(Problem::Damaged(what));
                    }
                }
                Ok(None) => return Ok(()),
                Err(fault) => {
                    self.walk.problems.push(Problem::Damaged(fault.to_string()));
                    return Ok(());
                }
            }
        }
    }

    fn report(mut self, kept: Option<&str>, images: u64) -> Report {
        if let Some(kept) = kept
            && kept != self.walk.root()
            && !self.is_head_met
        {
            self.walk.problems.push(Problem::NoSuchHead);
        }
        let pruned = self.bodiless.keys().filter(|digest| self.pruned.contains_key(*digest)).count();
        Report {
            events: self.walk.events,
            images,
            pruned: u64::try_from(pruned).unwrap_or(u64::MAX),
            head: self.walk.head(),
            dropped: self.walk.dropped(),
            problems: self.walk.problems,
        }
    }
}

fn is_stored(db: &Connection, digest: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM images WHERE digest = ?1 AND body IS NOT NULL";
    db.prepare_cached(sql)?.query_row([digest], |row| row.get(0))
}
