// The suite that all suites with a running chat are under.

import TestSupport
import Testing

/// Nothing else opens descriptors while a test counts them.
@Suite(.countsResources, .serialized, .timeLimit(.minutes(10)))
enum ChatServerTests {}
