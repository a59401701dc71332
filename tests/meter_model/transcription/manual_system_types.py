"""Which analog inputs are QNAN in each system type (manual, page 8), worked out by hand; imports nothing.

"Values that are not valid in a particular System Type will display as '----' on the User Interface or as QNAN in the
BACnet objects." The table of page 8 says which CTs and voltage connections each type has:

    10   one CT (A)         A, N         VLN: AN
    11   one CT (A)         A, B         VLL: AB
    12   two CTs (A, B)     A, B, N      VLL: AB           VLN: AN, BN
    31   three CTs          A, B, C      VLL: AB, BC, CA
    40   three CTs          A, B, C, N   VLL: AB, BC, CA   VLN: AN, BN, CN

So a type without CT B has no current, power, power factor or energy of phase B. Type 31 has three CTs and no neutral:
its line to neutral voltages are QNAN; its phase powers are finite, taken against a virtual neutral (the manual does not
say; that is the model's named default). Reserved inputs "return QNAN or any value": QNAN is the choice; AI30 returns 0.
"""

RESERVED_QNAN = {28, 77, 79, 80}
RESERVED_ZERO = {30}

# AI of one phase that need that phase's CT: energies (real import, export; reactive Q1 to Q4; apparent import, export),
# then P, Q, S, PF, I.
NEEDS_CT_B = {32, 35, 38, 41, 44, 47, 50, 53, 56, 59, 62, 65, 74}
NEEDS_CT_C = {33, 36, 39, 42, 45, 48, 51, 54, 57, 60, 63, 66, 75}

# The average of the line to line voltages, then AB, BC, AC; the average of the line to neutral ones, then AN, BN, CN.
LL_AVERAGE, AB, BC, AC = 15, 67, 68, 69
LN_AVERAGE, AN, BN, CN = 16, 70, 71, 72

QNAN = {
    10: RESERVED_QNAN | NEEDS_CT_B | NEEDS_CT_C | {LL_AVERAGE, AB, BC, AC} | {BN, CN},
    11: RESERVED_QNAN | NEEDS_CT_B | NEEDS_CT_C | {BC, AC} | {LN_AVERAGE, AN, BN, CN},
    12: RESERVED_QNAN | NEEDS_CT_C | {BC, AC} | {CN},
    31: RESERVED_QNAN | {LN_AVERAGE, AN, BN, CN},
    40: RESERVED_QNAN,
}
