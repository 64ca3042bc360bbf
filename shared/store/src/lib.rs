//! From a verified proof of who asks to one Data API call.
