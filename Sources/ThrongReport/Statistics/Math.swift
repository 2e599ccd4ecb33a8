// Functions of libm under names that do not depend on other imports.

import Glibc

enum Math {
  static func log(_ value: Double) -> Double { Glibc.log(value) }
  static func exp(_ value: Double) -> Double { Glibc.exp(value) }
  static func log10(_ value: Double) -> Double { Glibc.log10(value) }
  static func power(ofTen exponent: Int) -> Double { Glibc.pow(10, Double(exponent)) }
}
