// A page with nothing on it, to go to and come back from.
