//! Wakes those who watch a collection when it has changed.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

/// One bell per collection that somebody watches, by `database.collection`.
#[derive(Default)]
pub(crate) struct Bells(Mutex<HashMap<String, watch::Sender<()>>>);

impl Bells {
    pub(crate) fn listen(&self, namespace: String) -> watch::Receiver<()> {
        let mut bells = self.lock();
        bells.retain(|_, bell| bell.receiver_count() > 0);
        bells.entry(namespace).or_insert_with(|| watch::channel(()).0).subscribe()
    }

    pub(crate) fn ring(&self, namespaces: &[String]) {
        let bells = self.lock();
        for bell in namespaces.iter().filter_map(|namespace| bells.get(namespace)) {
            bell.send_replace(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_bell_rings_for_its_collection_alone_and_goes_with_its_listeners() {
        let bells = Bells::default();
        let (mut one, other) = (bells.listen("d.one".into()), bells.listen("d.other".into()));
        bells.ring(&["d.one".into(), "d.nobody".into()]);
        assert!(one.has_changed().unwrap() && !other.has_changed().unwrap());
        one.changed().await.unwrap();
        assert!(!one.has_changed().unwrap());
        drop((one, other));
        let _third = bells.listen("d.third".into());
        assert_eq!(bells.lock().len(), 1);
    }
}
