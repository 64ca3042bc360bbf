//! What every test needs: the app, the runtimes, builders.
