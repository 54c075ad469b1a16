// Tests of Clinic come here.
