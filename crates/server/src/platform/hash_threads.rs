//! The threads that hash passwords, and the memory they need for it.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, RecvError, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use super::argon::Memory;

/// What the threads give way by (see `nice(1)`).
const NICENESS: i32 = 10;
/// For how long memory is kept for the next hash when none comes: those of a busy hour follow each other closer, and
/// where nobody signs in the host has its 19 MiB back.
const KEPT: Duration = Duration::from_secs(10);

/// What a thread does with the memory it was given.
pub type Job = Box<dyn FnOnce(&mut Memory) + Send>;

/// Starts so many; they end with the sender that is answered.
pub fn start(threads: usize) -> io::Result<mpsc::Sender<Job>> {
    let (jobs, queue) = mpsc::channel();
    let work = Arc::new(Work {
        queue: Mutex::new(queue),
        spare: Mutex::default(),
    });
    for number in 0..threads {
        let work = Arc::clone(&work);
        thread::Builder::new()
            .name(format!("hash-{number}"))
            .spawn(move || work.go_on())?;
    }
    Ok(jobs)
}

/// What the threads share.
struct Work {
    queue: Mutex<mpsc::Receiver<Job>>,
    /// Of the threads that wait: whoever hashes next takes one.
    spare: Mutex<Vec<Memory>>,
}

impl Work {
    fn go_on(&self) {
        // Failing to give way costs smoothness, not safety.
        let _ = rustix::process::setpriority_process(None, NICENESS);
        while let Ok(job) = self.next(KEPT) {
            let Some(job) = job else { continue };
            let mut memory = self.spare().pop().unwrap_or_default();
            job(&mut memory);
            self.spare().push(memory);
        }
    }

    /// The next job; none when none came for so long, and the memory that waited for one is given back.
    fn next(&self, kept: Duration) -> Result<Option<Job>, RecvError> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        match queue.recv_timeout(kept) {
            Ok(job) => Ok(Some(job)),
            Err(RecvTimeoutError::Timeout) => {
                self.spare().clear();
                Ok(None)
            }
            Err(RecvTimeoutError::Disconnected) => Err(RecvError),
        }
    }

    fn spare(&self) -> MutexGuard<'_, Vec<Memory>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_kept_for_the_next_hash_and_given_back_when_none_comes() {
        let (jobs, queue) = mpsc::channel::<Job>();
        let work = Work {
            queue: Mutex::new(queue),
            spare: Mutex::new(vec![Memory::default()]),
        };
        jobs.send(Box::new(|_| ())).expect("sent");
        assert!(matches!(work.next(Duration::ZERO), Ok(Some(_))));
        assert_eq!(work.spare().len(), 1);
        assert!(matches!(work.next(Duration::ZERO), Ok(None)));
        assert_eq!(work.spare().len(), 0);
        drop(jobs);
        assert!(work.next(Duration::ZERO).is_err());
    }
}
