//! Messages of outside services: built, parsed and verified; never sent from here.
